import type { RequestContext } from '../../telemetry/context/index.js'

/** A call as events name it. */
export interface NamedCall {
  readonly operation: string
  /** Of the request that it is made for. */
  readonly context: RequestContext | undefined
}

/** What an event says of the call that it is about. A policy passes on what it was given, and knows no calls. */
export function namesOf({ data }: { readonly data: unknown }) {
  const { operation, context } = data as NamedCall
  return { operation, correlationId: context?.correlationId }
}
