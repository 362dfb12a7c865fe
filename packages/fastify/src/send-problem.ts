import type { ProblemResponse } from '@holdfast/core/server'
import type { FastifyReply } from 'fastify'

export function sendProblem(reply: FastifyReply, { status, headers, body }: ProblemResponse): void {
  reply.code(status).headers(headers).send(body)
}
