import { setTimeout } from 'node:timers/promises'

import type { Queue, TraceSummary } from '../../src/api/types.ts'
import type { Harness } from '../harness.ts'

const BOOK_DELIVERY = `config = {
    "type": "event",
    "name": "BookDelivery",
    "description": "Finds somebody who carries the parcel",
    "subscribes": ["order.scored"],
    "emits": [{"topic": "delivery.booked", "label": "carrier found", "conditional": True}],
    "flows": ["orders"],
    "infrastructure": {"queue": {"maxRetries": 2, "backoff": {"delay": 0.05}}},
}

CARRIERS = {"low": "Parcel Post"}


class NoCarrier(Exception):
    pass


def carrier_for(risk):
    try:
        return CARRIERS[risk]
    except KeyError as error:
        raise NoCarrier(f"nobody carries a parcel of {risk} risk") from error


async def handler(input, ctx):
    ctx.logger.debug("looking for a carrier", {"orderId": input.orderId})
    if input.total > 1000:
        ctx.logger.warn("a parcel of this worth wants insurance", {"orderId": input.orderId, "total": input.total})
    carrier = carrier_for(input.risk)
    await ctx.state.set("deliveries", input.orderId, {"carrier": carrier, "insured": input.total > 1000})
    await ctx.emit({"topic": "delivery.booked", "data": {"orderId": input.orderId, "carrier": carrier}})
    ctx.logger.info("delivery booked", {"orderId": input.orderId, "carrier": carrier})
`

const TELL_CARRIER = `export const config = {
  type: 'event',
  name: 'TellCarrier',
  description: 'Asks the carrier to come',
  subscribes: ['delivery.booked'],
  emits: [],
  flows: ['orders'],
}

export const handler = async (input: { orderId: string; carrier: string }) => {
  console.log(input.carrier, 'comes for', input.orderId)
}
`

/** What the example has in the pictures besides its own steps: one that fails, in Python, and one that follows it. */
export const FILES = {
  'steps/deliveries/book_delivery_step.py': BOOK_DELIVERY,
  'steps/deliveries/tell-carrier.step.ts': TELL_CARRIER,
}

/** The parcels of these are worth more than anybody carries. */
const DEAR = [
  [{ name: 'samovar', price: 1450 }],
  [{ name: 'tea house', price: 18_000 }, { name: 'delivery', price: 90 }],
]
const ORDERS = [
  [{ name: 'tea', price: 4.5 }],
  [{ name: 'cup', price: 12 }, { name: 'saucer', price: 6 }],
  DEAR[0]!,
  [{ name: 'honey', price: 8.75 }],
  [{ name: 'kettle', price: 64 }],
  DEAR[1]!,
  [{ name: 'biscuits', price: 3.2 }, { name: 'tea', price: 4.5 }],
]

const LONGEST = 30_000

/** Orders, of which some fail, and requests that are refused. What is returned is the trace of one that failed. */
export async function makeHistory({ request, api }: Harness): Promise<string> {
  let id = ''
  for (const items of ORDERS) id = ((await (await request('POST', '/orders', { items })).json()) as { id: string }).id
  await request('GET', `/orders/${id}`)
  await request('GET', '/orders/unknown')
  await request('POST', '/orders', { items: [] })
  await api('POST', '/cron/trigger', { query: { step: 'CountOrders' } })
  await until(async () => {
    const { queues } = await api<{ queues: Queue[] }>('GET', '/queues')
    return queues.find(({ step }) => step === 'BookDelivery')?.dead === DEAR.length && queues.every(({ waiting }) => waiting === 0)
  })
  const query = { status: 'failed', step: 'BookDelivery' }
  let failed: TraceSummary[] = []
  await until(async () => {
    failed = (await api<{ traces: TraceSummary[] }>('GET', '/traces', { query })).traces.filter(({ seconds }) => seconds !== null)
    return failed.length === DEAR.length
  })
  return failed[0]!.traceId
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + LONGEST
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('the orders have not come to their end')
    await setTimeout(50)
  }
}
