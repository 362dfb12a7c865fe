import { setTimeout as sleep } from 'node:timers/promises'
import type { Order, PaymentMethods, Receipt } from '../../contracts.js'
import type { Orders } from '../../services/gateway.js'
import type { Payments } from '../../services/orders.js'
import { methodsFallback } from '../arm.js'

/** How often, and how long, `fetch` tries. */
interface Effort {
  readonly attempts: number
  readonly attemptTimeoutMs: number
}

/** What is usually written by hand: three attempts of a second each, with a short backoff. */
const threeTries: Effort = { attempts: 3, attemptTimeoutMs: 1_000 }

/** Only the last hop retries. If the gateway did so as well, payments would see up to nine requests a call. */
const oneTry: Effort = { attempts: 1, attemptTimeoutMs: 5_000 }

/** What orders calls payments with: plain `fetch`, as many services use it. */
export function fetchPayments(url: string): Payments {
  return {
    charge: (charge, { idempotencyKey }) =>
      request<Receipt>(`${url}/charges`, post(charge, idempotencyKey), threeTries),
    listMethods: () => request<PaymentMethods>(`${url}/methods`, {}, threeTries).catch(() => methodsFallback),
  }
}

/** What the gateway calls orders with. */
export function fetchOrders(url: string): Orders {
  return {
    getOrder: ({ id }) => request<Order>(`${url}/orders/${encodeURIComponent(id)}`, {}, oneTry),
    placeOrder: (order, { idempotencyKey }) =>
      request<Order>(`${url}/orders`, post(order, idempotencyKey), oneTry),
    listPaymentMethods: () => request<PaymentMethods>(`${url}/payment-methods`, {}, oneTry),
  }
}

class StatusError extends Error {
  constructor(readonly status: number) {
    super(`answered with status ${status}`)
  }
}

async function request<Body>(url: string, init: RequestInit, effort: Effort): Promise<Body> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(effort.attemptTimeoutMs) })
      const text = await response.text()
      if (!response.ok) throw new StatusError(response.status)
      return JSON.parse(text) as Body
    } catch (error) {
      const isFinal = error instanceof StatusError && error.status < 500
      if (isFinal || attempt === effort.attempts) throw error
    }
    await sleep(Math.random() * 50 * 2 ** attempt)
  }
}

function post(body: object, idempotencyKey: string | undefined): RequestInit {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
  return { method: 'POST', headers, body: JSON.stringify(body) }
}
