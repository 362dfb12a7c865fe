import { exchangeOf } from '@holdfast/core/server'
import type { FastifyReply } from 'fastify'

type Hijack = (this: FastifyReply) => FastifyReply

const followed = new WeakSet<object>()

/** Has replies that are hijacked, as WebSockets are, carry the correlation id and hold no permit. */
export function followHijacks(reply: FastifyReply): void {
  const replies = Object.getPrototypeOf(reply) as { hijack: Hijack }
  if (followed.has(replies)) return
  followed.add(replies)
  const { hijack } = replies
  replies.hijack = function () {
    const { raw } = this
    const exchange = exchangeOf(this.request.raw)
    if (exchange !== undefined) {
      if (!raw.headersSent) raw.setHeader('x-correlation-id', exchange.correlationId)
      exchange.handOver()
    }
    return hijack.call(this)
  }
}
