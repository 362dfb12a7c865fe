import { entityHeaders, type ProblemResponse } from '@holdfast/core/server'
import type { FastifyReply } from 'fastify'

/** Answers with a problem in place of whatever has been prepared, on the reply or below it. */
export function sendProblem(reply: FastifyReply, { status, headers, body }: ProblemResponse): void {
  for (const name of entityHeaders) {
    reply.removeHeader(name)
    reply.raw.removeHeader(name)
  }
  reply.code(status).headers(headers).send(body)
}
