import { ApiRouteConfig, Handlers } from 'motia';

export const config: ApiRouteConfig = { type: 'api', name: 'Untyped', path: '/free', method: 'POST', emits: ['free.said'] };

export const handler: Handlers['Untyped'] = async (req, { emit, state }) => {
  await emit({ topic: 'free.said', data: { text: req.body.text } });
  const known = await state.get('free', 'last');
  return { status: 200, body: { page: parseInt(req.queryParams.page), known: known.text } };
};
