export const catches = async (_req: any, _ctx: any, next: () => Promise<any>) => {
  try {
    return await next()
  } catch (error: any) {
    return { status: 422, body: { caught: error.name, message: error.message } }
  }
}
