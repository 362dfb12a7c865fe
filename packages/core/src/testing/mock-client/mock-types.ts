import type { Readable } from 'node:stream'
import type { Client, ClientOptions } from '../../client/index.js'
import type { CallInput, InferInput } from '../../contract/index.js'
import type { HoldfastError } from '../../foundation/errors/index.js'
import type { MockResponse } from './mock-response.js'

/** One call that reached a handler. */
export interface MockCall<Op> {
  /** As the caller gave it. */
  readonly input: CallInput<Op>
  readonly method: string
  /** Path and query, as they would have been sent. */
  readonly path: string
  /** Headers as they would have been sent, with lower-case names: `idempotency-key` and those of the call among them. */
  readonly headers: Readonly<Record<string, string>>
  /** The body as it would have been sent. */
  readonly body: string | Uint8Array | Readable | undefined
  /** Aborts when the caller gives up or the time is up. */
  readonly signal: AbortSignal
}

/** What the service would send: the output before the schema's transforms. */
export type MockReply<Op> = Op extends { readonly output: infer Schema }
  ? Schema extends { readonly '~standard': object }
    ? InferInput<Schema>
    : InferInput<Schema[keyof Schema]>
  : Op extends { readonly response: infer Kind }
    ? ReplyOf<Kind>
    : Op extends { readonly method: 'HEAD' }
      ? undefined
      : AnyJson

type ReplyOf<Kind> = Kind extends 'text'
  ? string
  : Kind extends 'bytes'
    ? Uint8Array
    : Kind extends 'stream'
      ? string | Uint8Array | Readable | AsyncIterable<Uint8Array>
      : Kind extends 'none'
        ? undefined
        : AnyJson

// `unknown` would swallow the function in the union below, and with it the type of its input.
type AnyJson = object | string | number | boolean | null | undefined

type MockOutcome<Op> = MockReply<Op> | MockResponse | HoldfastError

/**
 * What a mock does when an operation is called: a function of the input, or the reply itself. A `HoldfastError` that is
 * thrown, returned or given is what the call fails with.
 */
export type MockHandler<Op> =
  | MockOutcome<Op>
  | ((input: CallInput<Op>, call: MockCall<Op>) => MockOutcome<Op> | PromiseLike<MockOutcome<Op>>)

/** Handlers by operation. */
export type MockHandlers<Ops> = { readonly [Name in keyof Ops & string]?: MockHandler<Ops[Name]> }

/** Options of `mockClient`: those of a client, except where it would connect to. */
export type MockClientOptions<Ops> = Omit<
  ClientOptions<Ops>,
  'baseUrl' | 'versions' | 'traffic' | 'dispatcher' | 'proxy' | 'http2' | 'connections' | 'connectTimeoutMs'
>

/** What a mock has beside what every client has. */
export interface MockControls<Ops> {
  /** The calls of each operation that reached its handler, in order. */
  readonly $calls: { readonly [Name in keyof Ops & string]: readonly MockCall<Ops[Name]>[] }
  /**
   * Replaces the handlers given, and keeps the others.
   *
   * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each that is no operation of the contract.
   */
  $handle(handlers: MockHandlers<Ops>): void
  /** Forgets the calls. */
  $clearCalls(): void
}

/** A client of a contract whose operations are answered by handlers. */
export type MockClient<Ops> = Client<Ops> & MockControls<Ops>
