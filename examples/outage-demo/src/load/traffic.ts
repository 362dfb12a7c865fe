import type { Arrival, Stream } from './arrivals.js'
import type { Caller } from './caller.js'

/** What the outside world asks for. `readOrder` is the one that does not need payments. */
export type CallKind = 'checkout' | 'listMethods' | 'readOrder'

/** What a call came to. A fallback is no answer: nobody was asked. */
export type Outcome = 'answer' | 'fallback' | 'failure'

/** The load: 105 calls a second that need payments, 15 that do not. */
export const traffic: readonly Stream<CallKind>[] = [
  { kind: 'checkout', perSecond: 98 },
  { kind: 'listMethods', perSecond: 7 },
  { kind: 'readOrder', perSecond: 15 },
]

/** Makes one call of the load. */
export async function makeCall(caller: Caller, { kind, ordinal }: Arrival<CallKind>): Promise<Outcome> {
  try {
    if (kind === 'readOrder') {
      return outcomeOf(await caller.call({ method: 'GET', path: '/orders/1' }), 200)
    }
    if (kind === 'listMethods') {
      return outcomeOf(await caller.call({ method: 'GET', path: '/payment-methods' }), 200)
    }
    const body = { item: 'tea', cents: 450 }
    const idempotencyKey = `checkout-${ordinal}`
    return outcomeOf(await caller.call({ method: 'POST', path: '/checkout', body, idempotencyKey }), 201)
  } catch {
    return 'failure'
  }
}

function outcomeOf({ status, body }: { status: number; body: string }, expected: number): Outcome {
  if (status !== expected) return 'failure'
  const { source } = JSON.parse(body) as { source?: string }
  return source === 'fallback' ? 'fallback' : 'answer'
}
