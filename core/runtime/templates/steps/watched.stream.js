export const config = {
  name: 'STEP_STREAM',
  schema: { type: 'object' },
}
