import { STATUS_CODES } from 'node:http'
import {
  type HoldfastError,
  type HttpError,
  isHoldfastError,
  outcomeOfCode,
} from '../../foundation/errors/index.js'
import type { ActiveContext } from '../../telemetry/context/index.js'
import { isProblemError, type ProblemError } from './problem-error.js'

/** A response that tells of a problem, by RFC 9457. */
export interface ProblemResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What an adapter knows of an error beside the error itself. */
export interface FailureOrigin {
  /**
   * The status that the application had set on its reply. One of an error is kept, unless the error has one that is
   * meant for the caller.
   */
  readonly status?: number | undefined
  /** Whether the framework itself made the error, so that its status, message and headers are meant for the caller. */
  readonly isFrameworks?: boolean | undefined
}

interface Problem {
  readonly status: number
  readonly type?: string | undefined
  readonly title?: string | undefined
  readonly detail?: string | undefined
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

const unknownProblem: Problem = { status: 500 }
const busyRetryAfterMs = 1_000

/** What to answer when a handler fails with `error`; everything that nobody meant for the caller stays inside. */
export function problemResponse(
  error: unknown,
  context: ActiveContext | undefined,
  origin: FailureOrigin = {},
): ProblemResponse {
  const { status, type = 'about:blank', title, detail, members, headers } = problemOf(error, context, origin)
  const phrase = title ?? STATUS_CODES[status] ?? (status === 499 ? 'Client Closed Request' : 'Error')
  const { correlationId } = context ?? {}
  return {
    status,
    headers: {
      ...headers,
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: documentOf(members, { type, title: phrase, status, detail, correlationId }),
  }
}

/** What cannot be written, such as a BigInt or a circle, is left out with the members that it is among. */
function documentOf(members: Problem['members'], own: object): string {
  try {
    return JSON.stringify({ ...members, ...own })
  } catch {
    return JSON.stringify(own)
  }
}

function problemOf(error: unknown, context: ActiveContext | undefined, origin: FailureOrigin): Problem {
  // A handler that was told to stop fails with whatever its library makes of the signal.
  const cause = context?.aborted && isAbort(error) ? context.reason : error
  if (isProblemError(cause)) return ofProblemError(cause)
  if (isHoldfastError(cause)) return withStatus(ofHoldfastError(cause), origin.status)
  return ofForeignError(cause, origin.isFrameworks) ?? withStatus(unknownProblem, origin.status)
}

function withStatus(problem: Problem, status: number | undefined): Problem {
  return isErrorStatus(status) ? { ...problem, status } : problem
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

function ofProblemError({ status, type, title, detail, errors, headers, extensions }: ProblemError): Problem {
  if (!isErrorStatus(status)) return unknownProblem
  return { status, type, title, detail, headers, members: { ...extensions, errors } }
}

/** The code and its meaning, never the message: it names hosts and quotes bodies. */
function ofHoldfastError(error: HoldfastError): Problem {
  const { meaning, told } = outcomeOfCode(error.code)
  if (told.status === 500) return unknownProblem
  const retryAfterMs = retryAfterOf(error)
  // A dependency that asks for patience speaks for this service too.
  const status = error.code === 'HTTP_STATUS' && retryAfterMs !== undefined ? 503 : told.status
  const headers: Record<string, string> = {}
  if (retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)))
  }
  // Tried again down here already: each tier above that tries again as well would multiply the load.
  if (error.attempts > 1) headers['x-should-retry'] = 'false'
  return { status, detail: meaning, headers, members: { code: error.code } }
}

function retryAfterOf(error: HoldfastError): number | undefined {
  if (error.code !== 'HTTP_STATUS') {
    if (!outcomeOfCode(error.code).told.busy) return undefined
    return (error as { readonly retryAfterMs?: number }).retryAfterMs ?? busyRetryAfterMs
  }
  const { status, retryAfterMs } = error as HttpError
  return status === 429 || status === 503 ? retryAfterMs : undefined
}

/**
 * The convention of `http-errors`, which the body parsers of frameworks keep: `expose` says that the error was made for
 * an answer. Errors of dependencies have a status too, but it is that of their own answer, and so is what they say.
 */
function ofForeignError(error: unknown, isFrameworks = false): Problem | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { status, statusCode, expose, message, headers } = error as Record<string, unknown>
  if (!isFrameworks && typeof expose !== 'boolean') return undefined
  const given = isErrorStatus(status) ? status : statusCode
  if (!isErrorStatus(given)) return undefined
  const shown = expose === true || (expose !== false && given < 500)
  return {
    status: given,
    detail: shown && typeof message === 'string' ? message : undefined,
    headers: textHeaders(headers),
  }
}

function isErrorStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599
}

function textHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {}
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
      .map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}
