export { compileOperation } from './compile-operation.js'
export { parseRetryAfter } from './decode/parse-retry-after.js'
export type { CallInput, CallOutput, ErrorBody, OperationError } from './describe/call-types.js'
export { checkOperationPolicy, isIdempotent } from './describe/check-operation-policy.js'
export type {
  CompiledOperation,
  EncodedRequest,
  OnWarn,
  ValidateMode,
} from './describe/compiled-operation.js'
export { type Contract, contractName, contractNameKey, defineContract } from './describe/define-contract.js'
export { isHttpError } from './describe/is-http-error.js'
export type {
  BodyKind,
  ErrorSchemas,
  HeaderPlace,
  HedgeSettings,
  Method,
  Operation,
  OperationPolicy,
  Operations,
  OutputSchemas,
  Place,
  ResponseKind,
  RetrySettings,
} from './describe/operation.js'
export type {
  InferInput,
  InferOutput,
  SchemaIssue,
  SchemaResult,
  StandardSchema,
  StandardSchemaProps,
} from './describe/standard-schema.js'
export { streamedBody } from './encode/body-stream.js'
export { encodeMultipart } from './encode/multipart.js'
