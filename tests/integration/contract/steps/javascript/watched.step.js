// Writes down the changes that have made it run.
exports.config = {
  name: 'JavaScriptWatched',
  triggers: [
    { type: 'state', groupId: 'javascript-watched' },
    { type: 'stream', streamName: 'notes', groupId: 'javascript-watched', on: ['create', 'delete'] },
  ],
}

exports.handler = async (change, { trigger, state, idempotencyKey }) => {
  await state.set('javascript-seen', idempotencyKey, { change, trigger })
}
