import type { EndpointGuard, EndpointState } from './endpoint-state.js'

/** The endpoints that a call has been sent to: nothing, one, or a list, so that a first attempt allocates nothing. */
export type Tried<Guard extends EndpointGuard> =
  | undefined
  | EndpointState<Guard>
  | readonly EndpointState<Guard>[]

/** `tried` with one more. */
export function addTried<Guard extends EndpointGuard>(
  tried: Tried<Guard>,
  endpoint: EndpointState<Guard>,
): Tried<Guard> {
  if (tried === undefined || tried === endpoint) return endpoint
  if (!Array.isArray(tried)) return [tried as EndpointState<Guard>, endpoint]
  return tried.includes(endpoint) ? tried : [...tried, endpoint]
}

/** Whether the call has been sent to `endpoint`. */
export function wasTried<Guard extends EndpointGuard>(
  tried: Tried<Guard>,
  endpoint: EndpointState<Guard>,
): boolean {
  if (tried === undefined) return false
  return Array.isArray(tried) ? tried.includes(endpoint) : tried === endpoint
}
