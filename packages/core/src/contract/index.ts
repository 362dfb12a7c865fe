export { streamedBody } from './body-stream.js'
export type { CallInput, CallOutput, ErrorBody, OperationError } from './call-types.js'
export { checkOperationPolicy, isIdempotent } from './check-operation-policy.js'
export { compileOperation } from './compile-operation.js'
export type {
  BodySource,
  CompiledOperation,
  EncodedRequest,
  OnWarn,
  ReceivedResponse,
  ValidateMode,
} from './compiled-operation.js'
export { type Contract, contractName, contractNameKey, defineContract } from './define-contract.js'
export { isHttpError } from './is-http-error.js'
export { encodeMultipart } from './multipart.js'
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
} from './operation.js'
export { parseRetryAfter } from './parse-retry-after.js'
export type {
  InferInput,
  InferOutput,
  SchemaIssue,
  SchemaResult,
  StandardSchema,
  StandardSchemaProps,
} from './standard-schema.js'
