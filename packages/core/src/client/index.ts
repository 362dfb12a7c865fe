export type { ClientEvents } from './client-events.js'
export type {
  CallPolicyOptions,
  ClientOptions,
  Fallback,
  FallbackContext,
} from './client-options.js'
export type {
  CallOptions,
  Client,
  ClientControls,
  ClientStats,
  EndpointStats,
  OperationCall,
  SafeResult,
} from './client-types.js'
export { createClient } from './create-client.js'
