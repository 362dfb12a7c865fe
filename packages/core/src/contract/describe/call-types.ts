import type { Readable } from 'node:stream'
import type { HttpError } from '../../foundation/errors/index.js'
import type { InferInput, InferOutput } from './standard-schema.js'

/** What a call of the operation takes; `undefined` without an `input` schema. */
export type CallInput<Op> = Op extends { readonly input: infer Schema } ? InferInput<Schema> : undefined

/** What a call of the operation gives, the output schema's transforms applied. */
export type CallOutput<Op> = Op extends { readonly output: infer Schema }
  ? Schema extends { readonly '~standard': object }
    ? InferOutput<Schema>
    : InferOutput<Schema[keyof Schema]>
  : Op extends { readonly response: infer Kind }
    ? ResponseOf<Kind>
    : Op extends { readonly method: 'HEAD' }
      ? undefined
      : unknown

type ResponseOf<Kind> = Kind extends 'text'
  ? string
  : Kind extends 'bytes'
    ? Buffer
    : Kind extends 'stream'
      ? Readable
      : Kind extends 'none'
        ? undefined
        : unknown

/** The body of the operation's error of this status: as declared, else text. */
export type ErrorBody<Op, Status extends number> = Op extends { readonly errors: infer Schemas }
  ? Status extends keyof Schemas
    ? InferOutput<Schemas[Status]>
    : ClassOf<Status> extends keyof Schemas
      ? InferOutput<Schemas[ClassOf<Status>]>
      : Schemas extends { readonly default: infer Schema }
        ? InferOutput<Schema>
        : string
  : string

type ClassOf<Status extends number> = `${Status}` extends `${infer Class extends 3 | 4 | 5}${string}`
  ? `${Class}XX`
  : never

/**
 * Every `HttpError` that the operation can throw. The body of a declared status is text where the server did not keep
 * to the contract; `declared` tells.
 */
export type OperationError<Op> =
  | HttpError<number, string>
  | (Op extends { readonly errors: infer Schemas } ? DeclaredErrors<Schemas> : never)

type DeclaredErrors<Schemas> = {
  [Key in keyof Schemas]: HttpError<Key extends number ? Key : number, InferOutput<Schemas[Key]>>
}[keyof Schemas]
