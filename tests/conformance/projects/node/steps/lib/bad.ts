export const value = (undefined as any).nowhere; // the fault
