import { OptionCheck, show } from '../../foundation/config/index.js'
import { ConfigInvalidError, type Problem } from '../../foundation/errors/index.js'
import {
  Emitter,
  guarded,
  guardedRandom,
  type Listener,
  type Unsubscribe,
} from '../../foundation/events/index.js'
import { type CanaryOptions, resolveCanary } from './canary-options.js'
import { type CanaryResult, type CanaryRun, RunningCanary } from './canary-run.js'
import { hashOf } from './key-hash.js'
import { type Decision, type TrafficDecision, VersionTally } from './traffic-decision.js'
import { type TrafficEvents, trafficEventNames } from './traffic-events.js'
import { checkTrafficOptions, checkWeights, type TrafficSplitOptions } from './traffic-options.js'
import { headerOf, type TrafficRequest } from './traffic-request.js'
import { CompiledRule, checkRules, type TrafficRule } from './traffic-rule.js'
import type { TrafficOutcome, TrafficSplit, TrafficStats } from './traffic-split-interface.js'
import { type Weights, WeightTable, withShare } from './weight-table.js'

class WeightedSplit implements TrafficSplit {
  readonly name: string
  readonly versions: readonly string[]
  readonly failureStatuses: readonly number[]
  readonly #subject: string
  readonly #tallies: ReadonlyMap<string, VersionTally>
  readonly #keyOf: ((request: TrafficRequest) => unknown) | undefined
  readonly #textOf = guarded('the key of a call', textOf, () => '')
  readonly #random: () => number
  readonly #events = new Emitter<TrafficEvents>()
  #table: WeightTable
  #rules: readonly TrafficRule[] = []
  #compiled: readonly CompiledRule[] = []
  #canary: RunningCanary | undefined = undefined
  /** What `rollback` goes back to. */
  #before: Weights | undefined = undefined
  #isClosed = false

  constructor(options: TrafficSplitOptions) {
    const {
      failureStatuses = [],
      name = 'traffic',
      random = Math.random,
      rules = [],
      stickyBy,
      weights,
    } = options
    this.name = name
    this.versions = Object.freeze(Object.keys(weights))
    this.failureStatuses = Object.freeze([...failureStatuses])
    this.#subject = `traffic split '${name}'`
    this.#tallies = new Map(this.versions.map((version) => [version, new VersionTally(name, version)]))
    this.#keyOf = keyOf(stickyBy)
    this.#random = guardedRandom(random)
    this.#table = new WeightTable(this.#tallies, weights)
    this.#useRules(rules)
  }

  get weights(): Weights {
    return this.#table.weights
  }

  get rules(): readonly TrafficRule[] {
    return this.#rules
  }

  choose(request?: TrafficRequest): string {
    return this.decide(request).version
  }

  decide(request?: TrafficRequest): Decision {
    const isPlain = request === undefined || request === null
    const decision = isPlain ? this.#table.draw(this.#random) : this.#decide(request)
    decision.tally.decided++
    return decision
  }

  #decide(request: TrafficRequest): Decision {
    const key = request.key ?? this.#keyOf?.(request)
    const text = typeof key === 'string' || key === undefined || key === null ? key : this.#textOf(key)
    const hash = text ? hashOf(text) : undefined
    for (const rule of this.#compiled) if (rule.takes(request, hash, this.#random)) return rule.decision
    return hash === undefined ? this.#table.draw(this.#random) : this.#table.pick(hash)
  }

  report(subject: string | TrafficDecision, { ok, tookMs }: TrafficOutcome): void {
    const isNamed = typeof subject === 'string'
    const version = isNamed ? subject : subject.version
    const tally = this.#tallies.get(version)
    if (tally === undefined) throw this.#refuse([this.#unknown('version', version)])
    if (ok) tally.ok++
    else tally.failed++
    if (this.#canary === undefined || !(isNamed || subject.rule === undefined)) return
    const isTimed = tookMs !== undefined && tookMs >= 0
    this.#canary.observe(version, ok, isTimed ? tookMs : undefined)
  }

  setWeights(weights: Weights): void {
    const check = new OptionCheck(`setWeights() of ${this.#subject}`)
    checkWeights(check, '', weights, this.versions)
    check.done()
    this.#shiftByHand(weights, 'setWeights')
  }

  switchTo(version: string): void {
    if (!this.#tallies.has(version)) throw this.#refuse([this.#unknown('version', version)])
    const weights = Object.fromEntries(this.versions.map((name) => [name, name === version ? 100 : 0]))
    this.#shiftByHand(weights, 'switchTo')
  }

  setRules(rules: readonly TrafficRule[]): void {
    const check = new OptionCheck(`setRules() of ${this.#subject}`)
    checkRules(check, '', rules ?? null, this.versions)
    check.done()
    this.#useRules(rules)
  }

  startCanary(version: string, options: CanaryOptions = {}): CanaryRun {
    const check = new OptionCheck(`startCanary() of ${this.#subject}`)
    if (this.#isClosed) check.add('', 'the split is closed; make a new one')
    if (this.#canary !== undefined) {
      const { version: other } = this.#canary
      check.add('version', `'${other}' is a canary on its way; wait for it, or call rollback() first`)
    }
    const resolved = resolveCanary(check, version, options, this.weights)
    check.done()
    const from = this.weights
    const canary = new RunningCanary(resolved, {
      step: (percent, step) => {
        this.#shift(withShare(from, version, percent), 'canary')
        // Who has heard of the new weights may have ended it.
        if (this.#canary !== canary) return
        const { baseline } = resolved
        this.#events.emit('canaryStep', { split: this.name, version, baseline, percent, step })
      },
      end: (result) => this.#ended(result, from),
    })
    this.#canary = canary
    canary.start()
    return canary
  }

  rollback(reason = 'rollback() was called'): boolean {
    if (this.#canary !== undefined) {
      this.#canary.end('rolledBack', reason)
      return true
    }
    const before = this.#before
    if (before === undefined) return false
    this.#before = undefined
    this.#shift(before, 'rollback')
    return true
  }

  stats(): TrafficStats {
    const table = this.#table
    const versions = [...this.#tallies].map(([version, { decided, ok, failed }]) => {
      const weight = table.weights[version] ?? 0
      return [version, { weight, share: table.shareOf(version), decided, ok, failed }] as const
    })
    return { name: this.name, versions: Object.fromEntries(versions), canary: this.#canary?.progress() }
  }

  on<Name extends keyof TrafficEvents>(name: Name, listener: Listener<TrafficEvents[Name]>): Unsubscribe {
    const check = new OptionCheck(`on() of ${this.#subject}`)
    if (!trafficEventNames.includes(name)) {
      check.add(String(name), `is not an event; they are ${trafficEventNames.join(', ')}`)
    }
    check.function('listener', listener ?? null)
    check.done()
    return this.#events.on(name, listener)
  }

  close(): void {
    this.#isClosed = true
    this.#canary?.end('stopped', 'the split was closed')
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #useRules(rules: readonly TrafficRule[]): void {
    this.#rules = Object.freeze([...rules])
    this.#compiled = rules
      .map((rule, index) => new CompiledRule(rule, index, this.#tallies.get(rule.version) as VersionTally))
      .filter(({ isOn }) => isOn)
  }

  #shiftByHand(weights: Weights, cause: 'setWeights' | 'switchTo'): void {
    if (this.#canary === undefined) this.#before = this.weights
    else this.#canary.end('stopped', `${cause}() was called`)
    this.#shift(weights, cause)
  }

  #shift(weights: Weights, cause: TrafficEvents['shifted']['cause']): void {
    const before = this.weights
    this.#table = new WeightTable(this.#tallies, weights)
    if (!this.#events.has('shifted')) return
    this.#events.emit('shifted', { split: this.name, weights: this.weights, before, cause })
  }

  #ended(result: CanaryResult, from: Weights): void {
    this.#canary = undefined
    const event = { split: this.name, ...result }
    if (result.outcome === 'rolledBack') {
      this.#before = undefined
      this.#shift({ ...from, [result.version]: 0 }, 'canary')
      this.#events.emit('canaryRolledBack', event)
      return
    }
    this.#before = from
    this.#events.emit(result.outcome === 'promoted' ? 'canaryPromoted' : 'canaryStopped', event)
  }

  #unknown(path: string, version: unknown): Problem {
    return { path, message: `is no version: ${show(version)}; they are ${this.versions.join(', ')}` }
  }

  #refuse(problems: readonly Problem[]): ConfigInvalidError {
    return new ConfigInvalidError(this.#subject, problems)
  }
}

function keyOf(
  stickyBy: TrafficSplitOptions['stickyBy'],
): ((request: TrafficRequest) => unknown) | undefined {
  if (stickyBy === undefined) return undefined
  if (typeof stickyBy === 'function') return guarded('stickyBy of trafficSplit()', stickyBy, () => undefined)
  const name = stickyBy.toLowerCase()
  return ({ headers }) => headerOf(headers, name)
}

/** A key as a text. Objects are none: their texts are all the same, and so are those of promises. */
function textOf(key: unknown): string {
  if (typeof key === 'number' || typeof key === 'boolean' || typeof key === 'bigint') return String(key)
  throw new TypeError(`it is ${show(key)}, which is no key; give a text`)
}

/**
 * Shares calls between named versions of a dependency: by weight, by rules, the same key always to the same version. A
 * canary takes over in steps and is rolled back by itself when it fails more or is slower than what it replaces.
 *
 * It knows no client: ask `choose` where a call goes, and `report` how it went. A client with `versions` does both.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the options at once.
 * @example
 * ```ts
 * import { trafficSplit } from '@holdfast/core'
 *
 * using split = trafficSplit({ weights: { stable: 90, canary: 10 }, stickyBy: 'x-user-id' })
 * const version = split.choose({ path: '/orders/42', headers: { 'x-user-id': 'ann' } })
 * split.report(version, { ok: true, tookMs: 12 })
 * split.switchTo('stable')
 * console.log(split.weights) // { stable: 100, canary: 0 }
 * ```
 */
export function trafficSplit<const Version extends string>(
  options: TrafficSplitOptions<Version>,
): TrafficSplit<Version> {
  checkTrafficOptions(options)
  return new WeightedSplit(options as TrafficSplitOptions) as unknown as TrafficSplit<Version>
}
