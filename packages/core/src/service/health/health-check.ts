/** What a check says: `warn` works, but not as it should. */
export type HealthStatus = 'pass' | 'warn' | 'fail'

/**
 * Whom a check speaks to. `readiness`: traffic, which stays away while it fails. `liveness`: the orchestrator, which
 * restarts the process. `startup`: both, which wait until it has passed once.
 */
export type HealthKind = 'readiness' | 'liveness' | 'startup'

/** What a check may give to say more than that it passed. */
export interface HealthResult {
  readonly status: HealthStatus
  /** Why, for people: one line, no secrets. */
  readonly output?: string | undefined
  readonly observedValue?: number | string | undefined
  readonly observedUnit?: string | undefined
  /**
   * What was measured; the document's key is `name:measurement`.
   * @default 'responseTime'
   */
  readonly measurement?: string | undefined
}

/** What a check is called with. */
export interface HealthCheckContext {
  /** Aborts when the time of the check is up. */
  readonly signal: AbortSignal
}

/**
 * A check. It fails when it throws, rejects, gives `false` or does not settle in time; a `HealthResult` says more;
 * everything else passes.
 */
export interface HealthCheck {
  (context: HealthCheckContext): unknown
  /** Whether it asks another service, which a liveness check must not. */
  readonly asksDependency?: boolean
  /** Gives free what the check holds. */
  close?(): void
}

/** Options of one check. */
export interface HealthCheckOptions {
  /**
   * Whom the check speaks to.
   * @default 'readiness'
   */
  readonly kind?: HealthKind
  /**
   * Whether its failure is a failure of the service; `false` makes it a `warn`, which takes no traffic away.
   * @default true
   */
  readonly critical?: boolean
  /**
   * How long one run may take, in milliseconds.
   * @default 1000
   */
  readonly timeoutMs?: number
  /**
   * How long a result answers further probes, in milliseconds.
   * @default 250
   */
  readonly cacheMs?: number
  /**
   * How many runs in a row must fail before a check that has passed counts as failed.
   * @default 1
   */
  readonly failuresBeforeDown?: number
  /**
   * How many runs in a row must pass before a check that has failed counts as passed.
   * @default 1
   */
  readonly successesBeforeUp?: number
  /**
   * The `componentType` in the document: `component`, `datastore`, `system`, or one of your own.
   * @default 'component'
   */
  readonly componentType?: string
}

/** The options with every default filled in. */
export type ResolvedCheckOptions = Required<HealthCheckOptions>

/** Defaults of a check. */
export const healthCheckDefaults: ResolvedCheckOptions = Object.freeze({
  kind: 'readiness',
  critical: true,
  timeoutMs: 1_000,
  cacheMs: 250,
  failuresBeforeDown: 1,
  successesBeforeUp: 1,
  componentType: 'component',
})

/** One check as it stands. */
export interface CheckReport {
  readonly name: string
  readonly kind: HealthKind
  readonly critical: boolean
  readonly componentType: string
  readonly status: HealthStatus
  readonly output: string | undefined
  readonly observedValue: number | string | undefined
  readonly observedUnit: string | undefined
  readonly measurement: string
  /** When it ran, ISO 8601. */
  readonly time: string
}
