import { OptionCheck } from '../../foundation/config/index.js'
import { CheckRunner } from './check-runner.js'
import {
  type CheckReport,
  type HealthCheck,
  type HealthCheckOptions,
  type HealthKind,
  type HealthStatus,
  healthCheckDefaults,
} from './health-check.js'
import { worse } from './outcome-of.js'

/** What a service says of itself at one moment. */
export interface HealthReport {
  readonly status: HealthStatus
  /** Why, where no check says it: the service starts or drains. */
  readonly output: string | undefined
  readonly checks: readonly CheckReport[]
}

/** A check has changed its status. */
export interface HealthChange {
  readonly report: CheckReport
  /** `undefined` for the first run. */
  readonly previous: HealthStatus | undefined
}

/** Options of `healthRegistry`. */
export interface HealthRegistryOptions {
  /** Called when a check changes its status, and when its first run does not pass. */
  readonly onChange?: ((change: HealthChange) => void) | undefined
}

/** What a service has to say about its health. */
export interface HealthChecks {
  /**
   * Adds a check.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when the name is taken, an option is wrong, or a liveness check asks
   * a dependency.
   */
  add(name: string, check: HealthCheck, options?: HealthCheckOptions): void
}

/** The checks of a service, and where it is in its life. */
export interface HealthRegistry extends HealthChecks {
  /** Whether the process is to live on. Asks the liveness checks only; passes while it starts and while it drains. */
  live(): Promise<HealthReport>
  /** Whether traffic is to come. Fails before the start is over and while the service drains. */
  ready(): Promise<HealthReport>
  /** Whether the start is over. Once it has passed it passes for ever. */
  startup(): Promise<HealthReport>
  /** All of it in one. */
  aggregate(): Promise<HealthReport>
  /** The last report of each check that has run, without running any. */
  last(): readonly CheckReport[]
  /** The service has begun to listen. */
  markStarted(): void
  /** The service is about to stop: no new traffic, please. */
  markDraining(): void
  /** Gives free what the checks hold. */
  close(): void
}

class ServiceHealth implements HealthRegistry {
  readonly #runners = new Map<string, CheckRunner>()
  readonly #onChange: ((change: HealthChange) => void) | undefined
  #state: 'starting' | 'started' | 'draining' = 'starting'
  #startupPassed = false

  constructor({ onChange }: HealthRegistryOptions) {
    this.#onChange = onChange
  }

  add(name: string, check: HealthCheck, options: HealthCheckOptions = {}): void {
    this.#checkArguments(name, check, options)
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    const resolved = { ...healthCheckDefaults, ...given }
    const runner = new CheckRunner(name, check, resolved, (report, previous) =>
      this.#changed(report, previous),
    )
    this.#runners.set(name, runner)
  }

  async live(): Promise<HealthReport> {
    return reportOf(await this.#run(['liveness']), undefined)
  }

  async ready(): Promise<HealthReport> {
    // Once draining it is no use to ask anybody.
    if (this.#state === 'draining') return reportOf([], 'the service is shutting down')
    const [startup, checks] = await Promise.all([this.startup(), this.#run(['readiness'])])
    return reportOf([...startup.checks, ...checks], startup.output)
  }

  async startup(): Promise<HealthReport> {
    if (this.#startupPassed) return reportOf([], undefined)
    const checks = await this.#run(['startup'])
    const report = reportOf(checks, this.#state === 'starting' ? 'the service is starting' : undefined)
    this.#startupPassed = report.status !== 'fail'
    return report
  }

  async aggregate(): Promise<HealthReport> {
    const checks = await this.#run(['liveness', 'readiness', 'startup'])
    const outputs = {
      starting: 'the service is starting',
      started: undefined,
      draining: 'the service is shutting down',
    }
    return reportOf(checks, outputs[this.#state])
  }

  last(): readonly CheckReport[] {
    return [...this.#runners.values()].map(({ last }) => last).filter((report) => report !== undefined)
  }

  markStarted(): void {
    if (this.#state === 'starting') this.#state = 'started'
  }

  markDraining(): void {
    this.#state = 'draining'
  }

  close(): void {
    for (const runner of this.#runners.values()) runner.close()
  }

  #run(kinds: readonly HealthKind[]): Promise<CheckReport[]> {
    const wanted = [...this.#runners.values()].filter(({ options }) => kinds.includes(options.kind))
    return Promise.all(wanted.map((runner) => runner.report()))
  }

  #changed(report: CheckReport, previous: CheckReport | undefined): void {
    if (report.status === (previous?.status ?? 'pass')) return
    try {
      this.#onChange?.({ report, previous: previous?.status })
    } catch (error) {
      process.emitWarning(`onChange of a health registry threw: ${String(error)}`, 'HoldfastWarning')
    }
  }

  #checkArguments(name: string, fn: HealthCheck, options: HealthCheckOptions): void {
    const check = new OptionCheck(`health.add('${name}')`)
    if (typeof name !== 'string' || name === '') check.add('name', 'must be a text that is not empty')
    if (this.#runners.has(name)) check.add('name', 'is taken by another check; choose another one')
    if (typeof fn !== 'function') check.add('check', 'must be a function')
    if (check.object('', options, Object.keys(healthCheckDefaults))) {
      check.oneOf('kind', options.kind, ['readiness', 'liveness', 'startup'])
      check.boolean('critical', options.critical)
      check.milliseconds('timeoutMs', options.timeoutMs)
      check.milliseconds('cacheMs', options.cacheMs, { min: 0, exclusive: false })
      check.number('failuresBeforeDown', options.failuresBeforeDown, { min: 1, integer: true })
      check.number('successesBeforeUp', options.successesBeforeUp, { min: 1, integer: true })
      if (options.componentType !== undefined && typeof options.componentType !== 'string') {
        check.add('componentType', 'must be a text')
      }
      if (options.kind === 'liveness' && fn?.asksDependency === true) {
        check.add('kind', "must not be 'liveness': a restart mends no dependency; use 'readiness'")
      }
    }
    check.done()
  }
}

function reportOf(checks: readonly CheckReport[], output: string | undefined): HealthReport {
  const own: HealthStatus = output === undefined ? 'pass' : 'fail'
  const status = checks.reduce<HealthStatus>((worst, check) => worse(worst, check.status), own)
  return { status, output, checks }
}

/**
 * Keeps the checks of a service and answers its probes. A service has one as `service.health`.
 *
 * Probes at the same time share one run of a check, and a result answers for `cacheMs`. A check that has not settled
 * within its time fails; where it takes longer than 800 ms a probe gets the result before.
 *
 * @example
 * ```ts
 * import { healthRegistry } from '@holdfast/core'
 *
 * const health = healthRegistry()
 * health.add('database', async ({ signal }) => signal.throwIfAborted(), { timeoutMs: 500 })
 * health.markStarted()
 * console.log((await health.ready()).status) // pass
 * ```
 */
export function healthRegistry(options: HealthRegistryOptions = {}): HealthRegistry {
  const check = new OptionCheck('healthRegistry()')
  if (check.object('', options, ['onChange'])) check.function('onChange', options.onChange)
  check.done()
  return new ServiceHealth(options)
}
