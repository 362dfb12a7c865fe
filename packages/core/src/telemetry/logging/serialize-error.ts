import { isHoldfastError } from '../../foundation/errors/index.js'
import { redactText } from './redact-url.js'

/** An error as it is logged. */
export interface LoggedError {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly stack?: string
  readonly cause?: LoggedError
  readonly errors?: readonly LoggedError[]
  readonly [field: string]: unknown
}

const maxDepth = 8
const maxErrors = 8
const maxMessageLength = 2_000
const maxStackLength = 8_000

/**
 * An error with its code and the chain of its causes. Fields are taken by name, never all: errors of HTTP clients
 * carry requests, headers and bodies.
 */
export function serializeError(error: unknown): LoggedError {
  return serialize(error, 0, new Set())
}

function serialize(error: unknown, depth: number, seen: Set<object>): LoggedError {
  if (typeof error !== 'object' || error === null) {
    return { name: typeof error, message: shortened(redactText(String(error)), maxMessageLength) }
  }
  if (seen.has(error)) return { name: 'Error', message: '[circular]' }
  seen.add(error)
  try {
    return { ...describe(error), ...below(error, depth, seen) } as LoggedError
  } catch {
    return { name: 'Error', message: '[an error that cannot be read]' }
  }
}

function describe(error: object): Record<string, unknown> {
  const { name, message, code, stack, status, syscall, injected } = error as Record<string, unknown>
  const own = {
    name: typeof name === 'string' ? name : 'Error',
    message: shortened(redactText(typeof message === 'string' ? message : '[no message]'), maxMessageLength),
    ...(isScalar(code) ? { code } : {}),
    ...(typeof syscall === 'string' ? { syscall } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    ...(injected === true ? { injected } : {}),
  }
  const facts = isHoldfastError(error) ? holdfastFacts(error.toJSON()) : {}
  return {
    ...own,
    ...facts,
    ...(typeof stack === 'string' ? { stack: shortened(redactText(stack), maxStackLength) } : {}),
  }
}

function holdfastFacts({
  retryable,
  phase,
  dependency,
  operation,
  attempts,
  elapsedMs,
}: Record<string, unknown>) {
  const facts = { retryable, phase, dependency, operation, attempts, elapsed_ms: elapsedMs }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

function below(error: object, depth: number, seen: Set<object>): Record<string, unknown> {
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown }
  if (depth >= maxDepth) return {}
  const next = (each: unknown) => serialize(each, depth + 1, seen)
  return {
    ...(cause === undefined ? {} : { cause: next(cause) }),
    ...(Array.isArray(errors) ? { errors: errors.slice(0, maxErrors).map(next) } : {}),
  }
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
