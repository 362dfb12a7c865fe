import type { Exchange, ProblemResponse, RequestTurn } from '@holdfast/core/server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from './send-problem.js'

/** How a request goes on in Fastify. */
export class ReplyTurn implements RequestTurn {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #next: () => void

  constructor(request: FastifyRequest, reply: FastifyReply, next: () => void) {
    this.#request = request
    this.#reply = reply
    this.#next = next
  }

  /** A header of the reply costs less than one of the response below it. */
  begun(exchange: Exchange): void {
    exchange.route = this.#request.routeOptions.url
    this.#reply.header('x-correlation-id', exchange.correlationId)
  }

  proceed(): void {
    const next = this.#next
    next()
  }

  refuse(problem: ProblemResponse): void {
    sendProblem(this.#reply, problem)
  }
}
