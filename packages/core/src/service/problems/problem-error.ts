import type { StandardIssue } from './request-issues.js'
import { type ProblemEntry, type RequestPlace, toEntries } from './request-issues.js'

const brand: unique symbol = Symbol.for('holdfast.problem')

/** What a `ProblemError` says beyond its status and its detail. */
export interface ProblemOptions {
  /**
   * A URI that names the kind of problem.
   * @default 'about:blank'
   */
  readonly type?: string | undefined
  /** @default the status' own phrase */
  readonly title?: string | undefined
  /** What is wrong with which part of the request. */
  readonly errors?: readonly ProblemEntry[] | undefined
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Further members of the document. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

/**
 * An answer to give up with: thrown by a handler, it becomes an `application/problem+json` response of its status.
 * Everything in it is shown to the caller.
 *
 * @example
 * ```ts
 * import { ProblemError } from '@holdfast/core'
 *
 * const problem = new ProblemError(409, 'the order is closed', { type: 'https://example.com/problems/closed' })
 * console.log(problem.status, problem.detail) // 409 the order is closed
 * ```
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number
  readonly detail: string | undefined
  readonly type: string
  readonly title: string | undefined
  readonly errors: readonly ProblemEntry[] | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(status: number, detail?: string, options: ProblemOptions = {}) {
    super(detail ?? `status ${status}`, 'cause' in options ? { cause: options.cause } : undefined)
    this.status = status
    this.detail = detail
    this.type = options.type ?? 'about:blank'
    this.title = options.title
    this.errors = options.errors
    this.headers = options.headers ?? {}
    this.extensions = options.extensions ?? {}
  }

  get [brand](): true {
    return true
  }
}

/** Whether `error` is a `ProblemError`, also of another copy of this package. */
export function isProblemError(error: unknown): error is ProblemError {
  return typeof error === 'object' && error !== null && brand in error
}

/**
 * The problem of a request that does not match its schema: status 400, with a pointer to each value at fault. Takes
 * the issues of any Standard Schema library.
 *
 * @param place - where the values came from
 * @example
 * ```ts
 * import { invalidRequest } from '@holdfast/core'
 * import { z } from 'zod'
 *
 * const parsed = z.object({ quantity: z.number() }).safeParse({ quantity: 'two' })
 * const problem = invalidRequest(parsed.error?.issues ?? [])
 * console.log(problem.errors?.[0]?.pointer) // #/quantity
 * ```
 */
export function invalidRequest(issues: readonly StandardIssue[], place: RequestPlace = 'body'): ProblemError {
  return new ProblemError(400, 'the request is not valid', { errors: toEntries(issues, place) })
}
