import { type OptionCheck, show } from '../../foundation/config/index.js'
import { guardedCondition } from '../../foundation/events/index.js'
import { pointOf } from './key-hash.js'
import { Decision, type VersionTally } from './traffic-decision.js'
import { headerOf, type TrafficRequest } from './traffic-request.js'

/** Sends the calls that it matches to one version, whatever the weights say. All its conditions must hold. */
export interface TrafficRule<Version extends string = string> {
  /** The version that matching calls go to. */
  readonly version: Version
  /** A path such as `/orders/{id}`, or `/orders/*` for it and all below. Typed clients compare the operation's template. */
  readonly path?: string
  /** A method, or several. */
  readonly method?: string | readonly string[]
  /** An operation of the contract, or several. */
  readonly operation?: string | readonly string[]
  /** Headers that the call must have: with a value, one of several values, or any, which is `true`. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | true>>
  /** Any other condition. One that throws, or is async, does not hold and is reported as a process warning. */
  readonly when?: (request: TrafficRequest) => boolean
  /**
   * The part of the matching calls that is taken, from 0 to 100, the same for the same key. The rest goes on to the next
   * rule, and at last to the weights.
   * @default 100
   */
  readonly percent?: number
}

const conditions = ['path', 'method', 'operation', 'headers', 'when'] as const
const ruleNames = ['version', 'percent', ...conditions]

/** Tells `check` what is wrong with a list of rules. */
export function checkRules(
  check: OptionCheck,
  path: string,
  rules: unknown,
  versions: readonly string[],
): void {
  if (rules === undefined) return
  if (!Array.isArray(rules)) {
    check.add(path, `must be a list of rules, not ${show(rules)}`)
    return
  }
  rules.forEach((rule: TrafficRule, index) => {
    const at = path === '' ? `${index}` : `${path}.${index}`
    if (rule === undefined || rule === null) check.add(at, `must be a rule, not ${show(rule)}`)
    else if (check.object(at, rule, ruleNames) && typeof rule === 'object') {
      checkRule(check, at, rule, versions)
    }
  })
}

function checkRule(check: OptionCheck, at: string, rule: TrafficRule, versions: readonly string[]): void {
  const { version, path, headers, percent } = rule
  if (!versions.includes(version)) {
    check.add(`${at}.version`, `is no version: ${show(version)}; they are ${versions.join(', ')}`)
  }
  if (conditions.every((name) => rule[name] === undefined)) {
    check.add(at, `needs a condition: ${conditions.join(', ')}; what holds for every call is a weight`)
  }
  if (path !== undefined && (typeof path !== 'string' || !/^\/[^\s?#*]*\*?$/.test(path))) {
    check.add(`${at}.path`, `must be a path like '/orders/{id}' or '/orders/*', not ${show(path)}`)
  } else if (path?.endsWith('*') && !path.endsWith('/*')) {
    check.add(`${at}.path`, `has a * within a segment; write '/*' at the end, not ${show(path)}`)
  }
  for (const name of ['method', 'operation'] as const) checkNames(check, `${at}.${name}`, rule[name])
  checkHeaderConditions(check, `${at}.headers`, headers)
  check.function(`${at}.when`, rule.when)
  check.number(`${at}.percent`, percent, { min: 0, max: 100 })
}

function checkNames(check: OptionCheck, at: string, given: unknown): void {
  if (given === undefined) return
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  const areNames = list.every((name) => typeof name === 'string' && name !== '')
  if (list.length === 0 || !areNames) check.add(at, `must be a name or a list of names, not ${show(given)}`)
}

function checkHeaderConditions(check: OptionCheck, at: string, headers: unknown): void {
  if (headers === undefined) return
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    check.add(at, `must be an object of header names and values, not ${show(headers)}`)
    return
  }
  const entries = Object.entries(headers)
  if (entries.length === 0) check.add(at, 'names no header; name one, or leave it out')
  for (const [name, value] of entries) {
    if (value !== true) checkNames(check, `${at}.${name}`, value)
  }
}

type Condition = (request: TrafficRequest) => boolean

/** A rule that is ready to be asked. */
export class CompiledRule {
  readonly decision: Decision
  readonly #holds: readonly Condition[]
  readonly #share: number
  readonly #seed: number

  /** `rule` has been checked. */
  constructor(rule: TrafficRule, index: number, tally: VersionTally) {
    this.decision = new Decision(tally, index)
    this.#holds = conditionsOf(rule)
    this.#share = (rule.percent ?? 100) / 100
    this.#seed = tally.ruleSeed
  }

  /** Whether anything gets past the percentage. */
  get isOn(): boolean {
    return this.#share > 0
  }

  /** Whether the call is this rule's: it matches and is within the percentage. */
  takes(request: TrafficRequest, hash: number | undefined, random: () => number): boolean {
    for (const holds of this.#holds) if (!holds(request)) return false
    if (this.#share >= 1) return true
    return (hash === undefined ? random() : pointOf(hash, this.#seed)) < this.#share
  }
}

function conditionsOf(rule: TrafficRule): Condition[] {
  const { path, method, operation, headers, when } = rule
  const all: Condition[] = []
  if (operation !== undefined) {
    const names = namesOf(operation)
    all.push((request) => request.operation !== undefined && names.includes(request.operation))
  }
  if (method !== undefined) {
    const names = namesOf(method).map((name) => name.toUpperCase())
    all.push((request) => request.method !== undefined && names.includes(request.method.toUpperCase()))
  }
  if (path !== undefined) {
    const pattern = pathPattern(path)
    all.push((request) => request.path !== undefined && pattern.test(request.path))
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    const lower = name.toLowerCase()
    const values = value === true ? undefined : namesOf(value)
    all.push((request) => {
      const found = headerOf(request.headers, lower)
      return found !== undefined && (values === undefined || values.includes(found))
    })
  }
  if (when !== undefined) all.push(guardedCondition('when of a traffic rule', when))
  return all
}

const namesOf = (given: string | readonly string[]): readonly string[] =>
  typeof given === 'string' ? [given] : given

/** A query behind the path changes nothing. */
function pathPattern(path: string): RegExp {
  const isPrefix = path.endsWith('/*')
  const segments = (isPrefix ? path.slice(0, -2) : path).split('/')
  const source = segments
    .map((segment) =>
      /^\{[^{}]+\}$/.test(segment) ? '[^/?#]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('/')
  return new RegExp(`^${source}${isPrefix ? '(?:/[^?#]*)?' : ''}(?:[?#]|$)`)
}
