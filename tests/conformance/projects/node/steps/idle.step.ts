export const config = { type: 'noop', name: 'idle', virtualEmits: ['someday'] };
