/** W3C Trace Context and Baggage as they came in, each well-formed or absent. */
export interface TraceContext {
  readonly traceparent: string | undefined
  readonly tracestate: string | undefined
  readonly baggage: string | undefined
}

/** The ids inside a `traceparent`. */
export interface TraceIds {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

export const noTrace: TraceContext = Object.freeze({
  traceparent: undefined,
  tracestate: undefined,
  baggage: undefined,
})

/** Version 00 is exactly this long; a later version may go on after another dash. */
const traceparentPattern = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?$/
const versionZero = /^00-/
const versionZeroLength = 55
/** A tab is white space between members, as a space is. */
const printable = /^[\t\x20-\x7e]+$/
const maxTracestateMembers = 32
const maxTracestateLength = 512
const maxBaggageMembers = 180
const maxBaggageLength = 8192

/** Whether `value` is a `traceparent` by W3C Trace Context. */
export function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > maxTracestateLength) return false
  return traceparentPattern.test(value) && (!versionZero.test(value) || value.length === versionZeroLength)
}

/** The ids of a `traceparent`; `undefined` when it is none. */
export function traceIdsOf(traceparent: string | undefined): TraceIds | undefined {
  if (!isTraceparent(traceparent)) return undefined
  return {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    sampled: (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1,
  }
}

/** What of these headers may be passed on: `tracestate` means nothing without its `traceparent`. */
export function readTraceContext(headers: Readonly<Record<string, unknown>>): TraceContext {
  const { baggage, traceparent, tracestate } = headers
  if (traceparent === undefined && baggage === undefined) return noTrace
  const hasParent = isTraceparent(traceparent)
  return {
    traceparent: hasParent ? traceparent : undefined,
    tracestate:
      hasParent && isList(tracestate, maxTracestateMembers, maxTracestateLength) ? tracestate : undefined,
    baggage: isList(baggage, maxBaggageMembers, maxBaggageLength) ? baggage : undefined,
  }
}

function isList(value: unknown, maxMembers: number, maxLength: number): value is string {
  return (
    typeof value === 'string' &&
    value.length <= maxLength &&
    printable.test(value) &&
    value.split(',').length <= maxMembers
  )
}
