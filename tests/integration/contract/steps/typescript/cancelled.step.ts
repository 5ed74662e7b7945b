// Runs over its time and says that it has heard so.
export const config = {
  type: 'event',
  name: 'TypeScriptCancelled',
  subscribes: ['cancelled'],
  infrastructure: { handler: { timeout: 0.2 }, queue: { maxRetries: 0 } },
}

export const handler = async (_input: any, { signal, state }: any) => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  await state.set('cancelled', 'typescript', signal.aborted)
}
