import { Readable } from 'node:stream'
import { OptionCheck } from '../foundation/config/index.js'
import { type HttpError, InvalidInputError, type Problem } from '../foundation/errors/index.js'
import type { CollectedResponse, HttpResponse } from '../http/message/index.js'
import { decodeError } from './decode/decode-error.js'
import { decodeSuccess, planResponse, type ResponsePlan } from './decode/decode-response.js'
import type {
  CompiledOperation,
  EncodedRequest,
  OnWarn,
  ValidateMode,
} from './describe/compiled-operation.js'
import type { Operation, ResponseKind } from './describe/operation.js'
import { planRequest, type RequestPlan } from './describe/request-plan.js'
import { problemsOf, runSchema } from './describe/run-schema.js'
import type { SchemaResult } from './describe/standard-schema.js'
import { collectBody } from './encode/collect-body.js'
import { encodeRequest } from './encode/encode-request.js'

const noInput: readonly Problem[] = Object.freeze([
  { path: '', message: 'the operation takes no input: give undefined, and call options after it' },
])

/**
 * Prepares an operation for its calls: everything that depends on the contract alone is worked out here.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when the operation contradicts itself
 */
export function compileOperation(
  contractName: string,
  operationName: string,
  operation: Operation,
): CompiledOperation {
  return new OperationCodec(contractName, operationName, operation)
}

class OperationCodec implements CompiledOperation {
  readonly name: string
  readonly operation: Operation
  readonly method: string
  readonly responseKind: ResponseKind
  readonly #contract: string
  readonly #subject: string
  readonly #request: RequestPlan
  readonly #response: ResponsePlan

  constructor(contract: string, name: string, operation: Operation) {
    this.name = name
    this.operation = operation
    this.method = operation.method
    this.#contract = contract
    this.#subject = `${contract}.${name}`
    const check = new OptionCheck(`operation ${this.#subject}`)
    this.#request = planRequest(operation, (key, message) => check.add(key, message))
    check.done()
    this.#response = planResponse(operation, this.#subject)
    this.responseKind = this.#response.kind
  }

  encode(input: unknown, validate: ValidateMode, onWarn?: OnWarn): EncodedRequest | Promise<EncodedRequest> {
    const schema = this.operation.input
    if (schema === undefined) {
      if (input !== undefined) this.#refuse(noInput, validate, onWarn)
      return encodeRequest(this.#request, undefined, this.#subject)
    }
    if (validate === 'off') return encodeRequest(this.#request, input, this.#subject)
    const result = runSchema(schema, input)
    if (result instanceof Promise) {
      return result.then((settled) => this.#encodeJudged(input, settled, validate, onWarn))
    }
    return this.#encodeJudged(input, result, validate, onWarn)
  }

  #encodeJudged(
    input: unknown,
    result: SchemaResult<unknown>,
    validate: ValidateMode,
    onWarn: OnWarn | undefined,
  ): EncodedRequest {
    if (result.issues !== undefined) this.#refuse(problemsOf(result.issues), validate, onWarn)
    return encodeRequest(this.#request, input, this.#subject)
  }

  #refuse(problems: readonly Problem[], validate: ValidateMode, onWarn: OnWarn | undefined): void {
    if (validate === 'enforce') throw new InvalidInputError(this.#subject, problems)
    if (validate === 'warn') onWarn?.(problems)
  }

  decode(response: HttpResponse, validate: ValidateMode, onWarn?: OnWarn): unknown {
    const { status, body } = response
    if (!(body instanceof Readable))
      return this.#decodeCollected(response as CollectedResponse, validate, onWarn)
    if (status >= 200 && status < 300) {
      if (this.responseKind === 'stream') return body
      if (this.responseKind === 'none') {
        body.destroy()
        return undefined
      }
    }
    return collectBody(body).then((collected) =>
      this.#decodeCollected({ status, headers: response.headers, body: collected }, validate, onWarn),
    )
  }

  #decodeCollected(response: CollectedResponse, validate: ValidateMode, onWarn: OnWarn | undefined): unknown {
    const { status } = response
    if (status >= 200 && status < 300) return decodeSuccess(this.#response, response, validate, onWarn)
    const plan = { subject: this.#subject, schemas: this.operation.errors }
    const error = decodeError(plan, response, validate, onWarn)
    if (error instanceof Promise) return error.then((settled) => Promise.reject(this.#signed(settled)))
    throw this.#signed(error)
  }

  /** `isHttpError` tells operations apart by this. */
  #signed(error: HttpError): HttpError {
    error.dependency = this.#contract
    error.operation = this.name
    return error
  }
}
