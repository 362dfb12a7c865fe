import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { type PaymentMethods, payments, type Receipt } from '../contracts.js'

/** The payments service: takes charges, and says how one can pay. Any framework would do; this one is `node:http`. */
export async function paymentsService(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = `${request.method} ${request.url}`
  if (route === 'GET /methods') {
    const answer: PaymentMethods = { methods: ['card', 'invoice', 'voucher'], source: 'payments' }
    return send(response, 200, answer)
  }
  if (route === 'POST /charges') {
    const charge = payments.charge.input.safeParse(await json(request))
    if (!charge.success) return send(response, 400, { title: 'not a charge', status: 400 })
    const receipt: Receipt = { id: `receipt-${charge.data.orderId}`, ...charge.data }
    return send(response, 201, receipt)
  }
  send(response, 404, { title: 'no such route', status: 404 })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
