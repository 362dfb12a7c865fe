export { isMissingBody } from './bodiless.js'
export { isDecoded } from './content-encoding.js'
export {
  createTransport,
  type OriginStats,
  type Transport,
  type TransportOptions,
} from './create-transport.js'
export { mapTransportError } from './map-transport-error.js'
export { OwnContextSource } from './own-context.js'
export type { ProxyOptions, ProxyTarget } from './proxy.js'
export { send } from './send.js'
export { StreamedBody } from './streamed-body.js'
export type { TlsOptions } from './tls-options.js'
export type { TransportRequest } from './transport-request.js'
