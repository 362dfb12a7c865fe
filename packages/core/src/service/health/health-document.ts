import type { CheckReport, HealthStatus } from './health-check.js'
import type { HealthReport } from './health-registry.js'

/** Who speaks, in a health document. */
export interface HealthIdentity {
  readonly serviceId?: string | undefined
  readonly version?: string | undefined
  readonly releaseId?: string | undefined
  readonly description?: string | undefined
}

/** One entry of `checks` in a health document. */
export interface HealthDocumentCheck {
  readonly componentType: string
  readonly status: HealthStatus
  readonly observedValue?: number | string | undefined
  readonly observedUnit?: string | undefined
  readonly time: string
  readonly output?: string | undefined
}

/** The `application/health+json` document, by draft-inadarei-api-health-check-06. */
export interface HealthDocument extends HealthIdentity {
  readonly status: HealthStatus
  readonly output?: string | undefined
  readonly checks?: Readonly<Record<string, readonly HealthDocumentCheck[]>> | undefined
}

/** An answer to a probe. */
export interface HealthResponse {
  readonly status: 200 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Options of `healthResponse`. */
export interface HealthResponseOptions extends HealthIdentity {
  /**
   * Whether the caller may see more than the status: version, checks, and what went wrong.
   * @default false
   */
  readonly details?: boolean
}

/** What to answer a probe: 200 for `pass` and `warn`, 503 for `fail`, never to be cached. */
export function healthResponse(report: HealthReport, options: HealthResponseOptions = {}): HealthResponse {
  const { details = false, ...identity } = options
  return {
    status: report.status === 'fail' ? 503 : 200,
    headers: { 'content-type': 'application/health+json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify(details ? healthDocument(report, identity) : { status: report.status }),
  }
}

/** The document with all its details. */
export function healthDocument(report: HealthReport, identity: HealthIdentity = {}): HealthDocument {
  const { description, releaseId, serviceId, version } = identity
  const checks: [string, HealthDocumentCheck[]][] = report.checks.map((check) => [
    `${check.name}:${check.measurement}`,
    [entryOf(check)],
  ])
  return {
    status: report.status,
    version,
    releaseId,
    serviceId,
    description,
    output: report.output,
    // Names are the service's own; one of `__proto__` must stay a name.
    checks: checks.length === 0 ? undefined : Object.fromEntries(checks),
  }
}

function entryOf(check: CheckReport): HealthDocumentCheck {
  const { componentType, observedUnit, observedValue, output, status, time } = check
  return {
    componentType,
    status,
    observedValue,
    observedUnit,
    time,
    output: status === 'pass' ? undefined : output,
  }
}
