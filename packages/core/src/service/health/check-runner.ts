import { contextStorage } from '../../telemetry/context/index.js'
import type { CheckReport, HealthCheck, HealthResult, ResolvedCheckOptions } from './health-check.js'
import { Hysteresis } from './hysteresis.js'
import { failureOf, outcomeOf } from './outcome-of.js'

/** A probe that asks for longer than this is lost: kubelet waits for one second by default. */
const patienceMs = 800
/** Runs that outlived their time and may still hold a thread or a socket. */
const maxLeftBehind = 2
const forgottenAfterMs = 30_000

/** Runs one check: one run at a time, each with a time limit, its result kept for a while. */
export class CheckRunner {
  readonly name: string
  readonly options: ResolvedCheckOptions
  readonly #check: HealthCheck
  readonly #onReport: (report: CheckReport, previous: CheckReport | undefined) => void
  readonly #hysteresis: Hysteresis
  /** When the runs began that were given up and have not ended. */
  readonly #leftBehind = new Map<object, number>()
  #report: CheckReport | undefined = undefined
  #ranAt = Number.NEGATIVE_INFINITY
  #running: Promise<CheckReport> | undefined = undefined

  constructor(
    name: string,
    check: HealthCheck,
    options: ResolvedCheckOptions,
    onReport: (report: CheckReport, previous: CheckReport | undefined) => void,
  ) {
    this.name = name
    this.options = options
    this.#check = check
    this.#onReport = onReport
    this.#hysteresis = new Hysteresis(options.failuresBeforeDown, options.successesBeforeUp)
  }

  /** The last report, if there is one. */
  get last(): CheckReport | undefined {
    return this.#report
  }

  /** A report that is fresh, or, where the check takes its time, the one before. */
  async report(): Promise<CheckReport> {
    const last = this.#report
    if (last !== undefined && performance.now() - this.#ranAt < this.options.cacheMs) return last
    this.#running ??= this.#run()
    return last === undefined ? this.#running : atLatest(patienceMs, this.#running, last)
  }

  close(): void {
    this.#check.close?.()
  }

  async #run(): Promise<CheckReport> {
    const startedAt = performance.now()
    const result = await this.#attempt(startedAt)
    this.#ranAt = performance.now()
    this.#running = undefined
    const previous = this.#report
    this.#report = this.#toReport(this.#hysteresis.settle(result), this.#ranAt - startedAt)
    this.#onReport(this.#report, previous)
    return this.#report
  }

  async #attempt(startedAt: number): Promise<HealthResult> {
    for (const [run, since] of this.#leftBehind) {
      if (startedAt - since >= forgottenAfterMs) this.#leftBehind.delete(run)
    }
    const { timeoutMs } = this.options
    if (this.#leftBehind.size >= maxLeftBehind) {
      return { status: 'fail', output: `${maxLeftBehind} earlier runs have not ended` }
    }
    const controller = new AbortController()
    const run = {}
    this.#leftBehind.set(run, startedAt)
    const ended = this.#start(controller.signal).finally(() => this.#leftBehind.delete(run))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<HealthResult>((resolve) => {
      timer = setTimeout(() => {
        const error = new DOMException(`did not answer within ${timeoutMs} ms`, 'TimeoutError')
        resolve(failureOf(error))
        controller.abort(error)
      }, timeoutMs)
    })
    try {
      return await Promise.race([ended, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Never rejects. Outside of the probe's request: its deadline and its disconnect are not the check's. */
  #start(signal: AbortSignal): Promise<HealthResult> {
    return contextStorage.exit(async () => {
      try {
        return outcomeOf(await this.#check({ signal }))
      } catch (error) {
        return failureOf(error)
      }
    })
  }

  #toReport(result: HealthResult, elapsedMs: number): CheckReport {
    const { kind, critical, componentType } = this.options
    const timed = result.observedValue === undefined && result.measurement === undefined
    return {
      name: this.name,
      kind,
      critical,
      componentType,
      status: result.status === 'fail' && !critical ? 'warn' : result.status,
      // By the draft, `output` is for what is wrong.
      output: result.status === 'pass' ? undefined : result.output,
      observedValue: timed ? Math.round(elapsedMs) : result.observedValue,
      observedUnit: timed ? 'ms' : result.observedUnit,
      measurement: result.measurement ?? 'responseTime',
      time: new Date().toISOString(),
    }
  }
}

function atLatest<Value>(ms: number, value: Promise<Value>, otherwise: Value): Promise<Value> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), ms)
    void value.then((settled) => {
      clearTimeout(timer)
      resolve(settled)
    })
  })
}
