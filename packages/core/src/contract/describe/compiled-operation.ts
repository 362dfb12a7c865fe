import type { Problem } from '../../foundation/errors/index.js'
import type { HttpRequest, HttpResponse } from '../../http/message/index.js'
import type { Operation, ResponseKind } from './operation.js'

/** What happens to input and responses that do not match the contract. */
export type ValidateMode = 'enforce' | 'warn' | 'off'

/** Told of what does not match while `validate` is `'warn'`. */
export type OnWarn = (problems: readonly Problem[]) => void

/** A request, ready to be sent to any origin. */
export interface EncodedRequest extends Pick<HttpRequest, 'path' | 'body'> {
  /** Lower-case names; shared between calls, so never to be changed. */
  readonly headers: Readonly<HttpRequest['headers']> | undefined
  /** `false` when the body is a stream that can be read once only. */
  readonly replayable: boolean
}

/** An operation, prepared once for all its calls. */
export interface CompiledOperation {
  readonly name: string
  readonly operation: Operation
  readonly method: string
  readonly responseKind: ResponseKind
  /**
   * The request for `input`; a promise only where the input's schema is asynchronous.
   *
   * @throws {InvalidInputError} `INVALID_INPUT`, naming every field at fault. Values that cannot be sent at all are
   * refused in every mode.
   */
  encode(input: unknown, validate: ValidateMode, onWarn?: OnWarn): EncodedRequest | Promise<EncodedRequest>
  /**
   * The data of a 2xx response; a promise only where a schema is asynchronous or a stream has to be collected.
   *
   * @throws {HttpError} `HTTP_STATUS` for any other status.
   * @throws {InvalidResponseError} `INVALID_RESPONSE` when a 2xx response does not match the contract.
   */
  decode(response: HttpResponse, validate: ValidateMode, onWarn?: OnWarn): unknown
}
