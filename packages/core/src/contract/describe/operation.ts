import type { Priority } from '../../foundation/priority/index.js'
import type { HedgeOptions, RetryOptions } from '../../policies/index.js'
import type { StandardSchema } from './standard-schema.js'

/** The methods that an operation can have. */
export const methods = Object.freeze(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)

/** How a request body can be written. */
export const bodyKinds = Object.freeze(['json', 'form', 'multipart', 'text', 'bytes', 'stream'] as const)

/** How a response body can be read. */
export const responseKinds = Object.freeze(['json', 'text', 'bytes', 'stream', 'none'] as const)

export type Method = (typeof methods)[number]
export type BodyKind = (typeof bodyKinds)[number]
export type ResponseKind = (typeof responseKinds)[number]

/** A header that carries an input field. */
export interface HeaderPlace {
  /** The header's name. */
  readonly header: string
}

/** Where one field of the input goes. `'whole-body'`: its value is the body, not a member of it. */
export type Place = 'path' | 'query' | 'body' | HeaderPlace

/** Retrying, as a contract can ask for it. */
export interface RetrySettings extends Pick<RetryOptions, 'maxAttempts' | 'baseMs' | 'maxMs'> {
  /** Further statuses worth another attempt, such as 500. */
  readonly statuses?: readonly number[]
}

/** Hedging, as a contract can ask for it. */
export type HedgeSettings = Pick<HedgeOptions, 'delayMs' | 'quantile'>

/** How one operation is protected; each can be overridden by the client. */
export interface OperationPolicy {
  /** Whether the operation may be sent twice: by default the method says; `'key'` sends an `idempotency-key`. */
  readonly idempotent?: boolean | 'key'
  /** The total time of a call, in milliseconds; `false` for no limit. */
  readonly timeoutMs?: number | false
  /** The time of one attempt, in milliseconds; `false` for no limit. */
  readonly attemptTimeoutMs?: number | false
  /** `false` for no retries. */
  readonly retry?: false | RetrySettings
  /** `true` for the defaults. */
  readonly hedge?: boolean | HedgeSettings
  /** How important calls are where there is no room for all: `critical` ones go first, `batch` ones are shed first. */
  readonly priority?: Priority
}

/** Schemas of a success, by status. */
export interface OutputSchemas {
  readonly [status: number]: StandardSchema
  readonly '2XX'?: StandardSchema
}

/** Schemas of error bodies, by status; the most exact one counts. */
export interface ErrorSchemas {
  readonly [status: number]: StandardSchema
  readonly '3XX'?: StandardSchema
  readonly '4XX'?: StandardSchema
  readonly '5XX'?: StandardSchema
  readonly default?: StandardSchema
}

/** One operation of a contract. */
export interface Operation extends OperationPolicy {
  readonly method: Method
  /** A path such as `/orders/{id}`: names in braces are fields of the input, sent percent-encoded. */
  readonly path: string
  /** The input, one schema for path, query, headers and body. It is checked, then sent as it was given. */
  readonly input?: StandardSchema
  /** The body of a success: one schema, or a map by status. */
  readonly output?: StandardSchema | OutputSchemas
  /** The bodies of error statuses. */
  readonly errors?: ErrorSchemas
  /**
   * Where fields go that are not in the path: by default the query for GET, HEAD and DELETE, else the body. A list
   * sends a field to several places.
   */
  readonly in?: { readonly [field: string]: Place | 'whole-body' | readonly Place[] }
  /**
   * How the request body is written.
   * @default 'json'
   */
  readonly body?: BodyKind
  /**
   * How the response body is read. Without `output` and `response`, a JSON body is parsed and any other is text.
   * @default 'json', or 'none' for HEAD
   */
  readonly response?: ResponseKind
}

/** The operations of a contract, by name. */
export interface Operations {
  readonly [name: string]: Operation
}
