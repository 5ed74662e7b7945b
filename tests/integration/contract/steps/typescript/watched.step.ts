// Writes down the changes that have made it run.
import { StateChange, StreamChange, TriggersConfig, TriggersHandler } from 'motia'

export const config: TriggersConfig = {
  name: 'TypeScriptWatched',
  triggers: [
    { type: 'state', groupId: 'typescript-watched' },
    { type: 'stream', streamName: 'notes', groupId: 'typescript-watched', on: ['create', 'delete'] },
  ],
}

export const handler: TriggersHandler<StateChange | StreamChange> = async (change, { trigger, state, idempotencyKey }) => {
  await state.set('typescript-seen', `${idempotencyKey}`, { change, trigger })
}
