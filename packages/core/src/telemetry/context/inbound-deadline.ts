/** The longest deadline that a header can set, in milliseconds: what a timer can hold. */
const maxMs = 2 ** 31 - 1

const grpcUnits: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
}

/**
 * How long the caller will still wait, in milliseconds: `x-request-timeout-ms`, Envoy's
 * `x-envoy-expected-rq-timeout-ms`, or `grpc-timeout`. The shortest counts; what is malformed does not.
 */
export function inboundTimeoutMs(headers: Readonly<Record<string, unknown>>): number | undefined {
  const own = headers['x-request-timeout-ms']
  const envoy = headers['x-envoy-expected-rq-timeout-ms']
  const grpc = headers['grpc-timeout']
  if (own === undefined && envoy === undefined && grpc === undefined) return undefined
  const shortest = Math.min(milliseconds(own), milliseconds(envoy), grpcMilliseconds(grpc))
  return shortest === Number.POSITIVE_INFINITY ? undefined : Math.min(shortest, maxMs)
}

function milliseconds(value: unknown): number {
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : Number.POSITIVE_INFINITY
}

function grpcMilliseconds(value: unknown): number {
  const parts = typeof value === 'string' ? /^(\d{1,8})([HMSmun])$/.exec(value) : null
  return parts === null ? Number.POSITIVE_INFINITY : Number(parts[1]) * (grpcUnits[parts[2] ?? ''] ?? 1)
}
