import { judgeCanary, type VersionSample } from './canary-judge.js'
import type { ResolvedCanary } from './canary-options.js'
import { VersionWindow } from './version-window.js'

/** What has been seen of a version in the time that is judged. */
export interface CanaryReading {
  readonly calls: number
  readonly failed: number
  /** From 0 to 1. */
  readonly errorRate: number
  /** At the quantile that is compared, of the calls that succeeded; `undefined` where none did. */
  readonly latencyMs: number | undefined
}

/** What a canary and its baseline were judged by. */
export interface CanaryEvidence {
  readonly version: string
  readonly baseline: string
  /** The percent of the calls that the canary had. */
  readonly percent: number
  readonly ofVersion: CanaryReading
  readonly ofBaseline: CanaryReading
}

/** How a canary ended. */
export interface CanaryResult extends CanaryEvidence {
  /** `stopped`: weights were set by hand, or the split was closed. */
  readonly outcome: 'promoted' | 'rolledBack' | 'stopped'
  /** What rolled it back; `undefined` for one that was promoted. */
  readonly reason: 'error rate' | 'latency' | 'by hand' | undefined
  /** The same in words. */
  readonly detail: string
}

/** How far a canary is. */
export interface CanaryProgress extends CanaryEvidence {
  /** The current step, counted from 1. */
  readonly step: number
  readonly steps: readonly number[]
  /** How long the step has lasted, in milliseconds. */
  readonly elapsedMs: number
  /** What it looks like: `few` calls yet, `worse` than allowed but not beyond doubt, `bad`, or `good`. */
  readonly verdict: 'few' | 'worse' | 'bad' | 'good'
}

/** A canary on its way. */
export interface CanaryRun {
  readonly version: string
  readonly baseline: string
  /** How it ended. Never rejects. */
  readonly ended: Promise<CanaryResult>
}

/** What a canary does to the split that it belongs to. */
export interface CanaryHooks {
  /** Gives the canary so many percent. */
  step(percent: number, step: number): void
  end(result: CanaryResult): void
}

/** Generations are at least this long, in milliseconds: the judge looks back one or two of them. */
const generationMs = 60_000

const wholePercent = 100

/** Leads a canary through its steps, and looks at it once an interval. */
export class RunningCanary implements CanaryRun {
  readonly version: string
  readonly baseline: string
  readonly ended: Promise<CanaryResult>
  readonly #options: ResolvedCanary
  readonly #hooks: CanaryHooks
  readonly #timer: NodeJS.Timeout
  #ofVersion = new VersionWindow()
  #ofBaseline = new VersionWindow()
  /** Of the step before one that leaves the baseline nothing. */
  #baselineBefore: VersionSample | undefined = undefined
  #step = 0
  #stepAt = 0
  #turnedAt = 0
  /** Whether latency counts. Looked at once an interval: the clock costs more than all the rest of `observe`. */
  #isWarm = false
  #settle: (result: CanaryResult) => void = () => {}

  constructor(options: ResolvedCanary, hooks: CanaryHooks) {
    this.version = options.version
    this.baseline = options.baseline
    this.#options = options
    this.#hooks = hooks
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#timer = setInterval(() => this.#look(), options.intervalMs)
    this.#timer.unref()
  }

  /** Takes the first step. */
  start(): void {
    this.#begin(0)
  }

  /** A call that the weights have sent to a version has settled. */
  observe(version: string, ok: boolean, tookMs: number | undefined): void {
    const countedMs = this.#isWarm ? tookMs : undefined
    if (version === this.version) this.#ofVersion.record(ok, countedMs)
    else if (version === this.baseline) this.#ofBaseline.record(ok, countedMs)
  }

  /** Ends it by hand. */
  end(outcome: 'rolledBack' | 'stopped', detail: string): void {
    this.#finish(outcome, outcome === 'rolledBack' ? 'by hand' : undefined, detail)
  }

  progress(): CanaryProgress {
    const [ofVersion, ofBaseline] = this.#samples()
    return {
      ...this.#evidence(ofVersion, ofBaseline),
      step: this.#step + 1,
      steps: this.#options.steps,
      elapsedMs: performance.now() - this.#stepAt,
      verdict: judgeCanary(ofVersion, ofBaseline, this.#options).kind,
    }
  }

  get #percent(): number {
    return this.#options.steps[this.#step] ?? wholePercent
  }

  #look(): void {
    const now = performance.now()
    this.#isWarm = now - this.#stepAt >= this.#options.warmUpMs
    const [ofVersion, ofBaseline] = this.#samples()
    const verdict = judgeCanary(ofVersion, ofBaseline, this.#options)
    if (verdict.kind === 'bad') {
      this.#finish('rolledBack', verdict.reason, this.#describe(verdict.reason, ofVersion, ofBaseline))
      return
    }
    const isOver = now - this.#stepAt >= this.#options.stepMs
    if (this.#percent === wholePercent) {
      // Nothing is gained by keeping what has everything waiting, and its baseline learns nothing more.
      if (isOver && verdict.kind !== 'few')
        this.#finish('promoted', undefined, 'it was not clearly worse at any step')
    } else if (verdict.kind === 'good') {
      if (isOver) this.#begin(this.#step + 1)
      else this.#turn(now)
    }
  }

  #begin(step: number): void {
    const before = this.#ofBaseline.sample()
    this.#step = step
    this.#stepAt = performance.now()
    this.#turnedAt = this.#stepAt
    this.#isWarm = this.#options.warmUpMs === 0
    this.#baselineBefore = this.#percent === wholePercent ? before : undefined
    this.#ofVersion = new VersionWindow()
    this.#ofBaseline = new VersionWindow()
    this.#hooks.step(this.#percent, step + 1)
  }

  /**
   * What is long past counts no more, once there is enough that is not. While a canary looks worse nothing is forgotten:
   * what is seen adds up until it is clear, where luck in one of many windows would let it pass.
   */
  #turn(now: number): void {
    const { minSamples } = this.#options
    if (now - this.#turnedAt < generationMs) return
    if (Math.min(this.#ofVersion.recent, this.#ofBaseline.recent) < minSamples) return
    this.#turnedAt = now
    this.#ofVersion.turn()
    this.#ofBaseline.turn()
  }

  #samples(): readonly [VersionSample, VersionSample] {
    return [this.#ofVersion.sample(), this.#baselineBefore ?? this.#ofBaseline.sample()]
  }

  #finish(outcome: CanaryResult['outcome'], reason: CanaryResult['reason'], detail: string): void {
    clearInterval(this.#timer)
    const result = { ...this.#evidence(...this.#samples()), outcome, reason, detail }
    this.#hooks.end(result)
    this.#settle(result)
  }

  #evidence(ofVersion: VersionSample, ofBaseline: VersionSample): CanaryEvidence {
    const { latencyQuantile } = this.#options
    return {
      version: this.version,
      baseline: this.baseline,
      percent: this.#percent,
      ofVersion: readingOf(ofVersion, latencyQuantile),
      ofBaseline: readingOf(ofBaseline, latencyQuantile),
    }
  }

  #describe(reason: 'error rate' | 'latency', ofVersion: VersionSample, ofBaseline: VersionSample): string {
    const { latencyQuantile } = this.#options
    const canary = readingOf(ofVersion, latencyQuantile)
    const baseline = readingOf(ofBaseline, latencyQuantile)
    const calls = `in ${canary.calls} calls against ${baseline.calls}`
    if (reason === 'error rate') {
      return `${percent(canary.errorRate)} of its calls failed, ${percent(baseline.errorRate)} of those to '${this.baseline}', ${calls}`
    }
    const name = `p${Math.round(latencyQuantile * 1_000) / 10}`
    return `its ${name} is ${shown(canary.latencyMs)} ms, that of '${this.baseline}' ${shown(baseline.latencyMs)} ms, ${calls}`
  }
}

function readingOf({ calls, failed, latencies }: VersionSample, quantile: number): CanaryReading {
  return {
    calls,
    failed,
    errorRate: calls === 0 ? 0 : failed / calls,
    latencyMs: latencies.quantile(quantile),
  }
}

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`

const shown = (ms: number | undefined): string => (ms === undefined ? '?' : String(Number(ms.toPrecision(3))))
