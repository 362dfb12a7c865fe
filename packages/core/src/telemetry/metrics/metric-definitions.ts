import type { MetricDescription } from './metric-family.js'

/** How metrics are called: as is usual with Prometheus, or by OpenTelemetry's semantic conventions. */
export type MetricsNaming = 'prometheus' | 'otel'

/** One metric of Holdfast. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  /** The name by the semantic conventions, where they have one. */
  readonly otelName?: string
  readonly labels: readonly string[]
  /** Labels that only the semantic conventions ask for. */
  readonly otelLabels?: readonly string[]
  readonly help: string
}

const define = <Names extends string>(
  definitions: Record<Names, MetricDefinition>,
): Readonly<Record<Names, MetricDefinition>> => Object.freeze(definitions)

/** Every metric that Holdfast makes itself. The table in the documentation is this one. */
export const metricDefinitions = define({
  requestDuration: {
    type: 'histogram',
    name: 'http_request_duration_seconds',
    otelName: 'http_server_request_duration_seconds',
    labels: ['method', 'route', 'status_code'],
    otelLabels: ['error_type'],
    help: 'Time to answer a request, until the last byte was sent or the caller left.',
  },
  requestsInFlight: {
    type: 'gauge',
    name: 'http_requests_in_flight',
    otelName: 'http_server_active_requests',
    labels: [],
    help: 'Requests that are being answered.',
  },
  requestsAborted: {
    type: 'counter',
    name: 'http_requests_aborted_total',
    otelName: 'http_server_requests_aborted_total',
    labels: ['method', 'route'],
    help: 'Requests whose caller left within the answer; who left before it has status 499.',
  },
  requestsRefused: {
    type: 'counter',
    name: 'http_requests_refused_total',
    otelName: 'http_server_requests_refused_total',
    labels: ['reason', 'priority'],
    help: 'Requests that were not let in: overload, or a deadline that had passed.',
  },
  requestsShadowRefused: {
    type: 'counter',
    name: 'http_requests_shadow_refused_total',
    otelName: 'http_server_requests_shadow_refused_total',
    labels: ['reason', 'priority'],
    help: 'Requests that admission in shadow let in, which it would have refused or had wait.',
  },
  admissionLimit: {
    type: 'gauge',
    name: 'http_requests_limit',
    otelName: 'http_server_requests_limit',
    labels: [],
    help: 'Requests that may be worked on at once now.',
  },
  requestsQueued: {
    type: 'gauge',
    name: 'http_requests_queued',
    otelName: 'http_server_requests_queued',
    labels: [],
    help: 'Requests that wait to be let in.',
  },
  requestsChaos: {
    type: 'counter',
    name: 'http_requests_chaos_injections_total',
    otelName: 'http_server_requests_chaos_injections_total',
    labels: ['kind'],
    help: 'Requests that chaos held up or failed.',
  },
  callDuration: {
    type: 'histogram',
    name: 'http_client_request_duration_seconds',
    labels: ['dependency', 'operation', 'outcome'],
    otelLabels: ['http_request_method'],
    help: 'Time of a call to a dependency: queueing, every attempt and the waits between them.',
  },
  callAttempts: {
    type: 'counter',
    name: 'http_client_attempts_total',
    labels: ['dependency', 'operation'],
    help: 'Requests sent for calls that have ended.',
  },
  callRetries: {
    type: 'counter',
    name: 'http_client_retries_total',
    labels: ['dependency', 'operation'],
    help: 'Attempts after the first.',
  },
  callHedges: {
    type: 'counter',
    name: 'http_client_hedges_total',
    labels: ['dependency', 'operation'],
    help: 'Second requests sent because the first was slow.',
  },
  callRejections: {
    type: 'counter',
    name: 'http_client_rejections_total',
    labels: ['dependency', 'operation', 'reason'],
    help: 'Attempts refused before anything was sent.',
  },
  callShadowRejections: {
    type: 'counter',
    name: 'http_client_shadow_rejections_total',
    labels: ['dependency', 'operation', 'reason'],
    help: 'Attempts that a policy in shadow let through, which it would have refused or had wait.',
  },
  callChaos: {
    type: 'counter',
    name: 'http_client_chaos_injections_total',
    labels: ['dependency', 'operation', 'kind'],
    help: 'Attempts that chaos held up or failed.',
  },
  cacheResults: {
    type: 'counter',
    name: 'http_client_cache_results_total',
    labels: ['dependency', 'operation', 'result'],
    help: 'Calls of cached operations, by what the cache made of them.',
  },
  coalescedCalls: {
    type: 'counter',
    name: 'http_client_coalesced_total',
    labels: ['dependency', 'operation'],
    help: 'Calls that shared the request of another.',
  },
  breakerState: {
    type: 'gauge',
    name: 'http_client_circuit_breaker_state',
    labels: ['dependency', 'endpoint', 'state'],
    help: 'Circuit breakers that are in this state.',
  },
  breakerTransitions: {
    type: 'counter',
    name: 'http_client_circuit_breaker_transitions_total',
    labels: ['dependency', 'endpoint', 'state'],
    help: 'Changes of circuit breakers to this state.',
  },
  endpointEjections: {
    type: 'counter',
    name: 'http_client_endpoint_ejections_total',
    labels: ['dependency', 'endpoint'],
    help: 'How often an endpoint was left out of the choice because it failed.',
  },
  versionCalls: {
    type: 'counter',
    name: 'http_client_version_calls_total',
    labels: ['dependency', 'version', 'outcome'],
    help: 'Calls that went to this version of a dependency.',
  },
  versionShare: {
    type: 'gauge',
    name: 'http_client_version_share',
    labels: ['dependency', 'version'],
    help: 'Share of the calls that the weights give to this version, from 0 to 1.',
  },
  canaries: {
    type: 'counter',
    name: 'http_client_canaries_total',
    labels: ['dependency', 'version', 'result'],
    help: 'Canaries that have ended.',
  },
  budgetTokens: {
    type: 'gauge',
    name: 'http_client_retry_budget_tokens',
    labels: ['dependency'],
    help: 'Retries and hedges that the budget would pay for now.',
  },
  concurrencyLimit: {
    type: 'gauge',
    name: 'http_client_concurrency_limit',
    labels: ['dependency'],
    help: 'Attempts that may be in flight now.',
  },
  attemptsInFlight: {
    type: 'gauge',
    name: 'http_client_attempts_in_flight',
    labels: ['dependency'],
    help: 'Attempts that hold a permit of the concurrency limit.',
  },
  callsQueued: {
    type: 'gauge',
    name: 'http_client_calls_queued',
    labels: ['dependency'],
    help: 'Calls that wait for a permit of the concurrency limit.',
  },
  connections: {
    type: 'gauge',
    name: 'http_client_connections',
    otelName: 'http_client_open_connections',
    labels: ['dependency', 'endpoint'],
    help: 'Connections that are open.',
  },
  waitingForSocket: {
    type: 'gauge',
    name: 'http_client_attempts_waiting_for_socket',
    labels: ['dependency', 'endpoint'],
    help: 'Attempts with a permit but no connection to use.',
  },
  seriesOverflow: {
    type: 'counter',
    name: 'metrics_series_overflow_total',
    labels: ['metric'],
    help: 'Observations that share a series because there would be too many.',
  },
  collectFailures: {
    type: 'counter',
    name: 'metrics_collect_failures_total',
    labels: [],
    help: 'Metrics left out of a scrape because reading them failed or took too long.',
  },
})

/** The name of a metric in the code. */
export type MetricKey = keyof typeof metricDefinitions

const otelLabelNames: Readonly<Record<string, string>> = {
  method: 'http_request_method',
  route: 'http_route',
  status_code: 'http_response_status_code',
  dependency: 'server_address',
  outcome: 'error_type',
}

/** A metric by the names that were asked for. */
export function describeMetric(key: MetricKey, naming: MetricsNaming): MetricDescription {
  const { name, otelName, labels, otelLabels = [], help } = metricDefinitions[key]
  if (naming === 'prometheus') return { name, help, labelNames: labels }
  const labelNames = [...labels.map((label) => otelLabelNames[label] ?? label), ...otelLabels]
  return { name: otelName ?? name, help, labelNames }
}
