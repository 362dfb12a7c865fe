import { randomUUID } from 'node:crypto'

const wellFormed = /^[A-Za-z0-9._-]{8,128}$/

/** Whether `value` may be put into headers and logs as a correlation id. */
export function isCorrelationId(value: unknown): value is string {
  return typeof value === 'string' && wellFormed.test(value)
}

/** The first well-formed id, or a new UUID: what came from outside is taken whole or not at all. */
export function correlationIdOf(...candidates: unknown[]): string {
  return candidates.find(isCorrelationId) ?? randomUUID()
}
