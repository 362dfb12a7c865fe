import { OptionCheck } from '../../foundation/config/index.js'
import type { Behaviour, Fault } from './fault.js'
import { checkBehaviour, runBehaviour } from './run-behaviour.js'

/**
 * Does something to a share of the requests and hands the others on. Which ones is decided by the server's seed and
 * the request's turn, not by timing: see `faultServer`.
 *
 * @param ratio The share, from 0 to 1.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong argument.
 * @example
 * ```ts
 * import { answer, faultServer, reset, sometimes } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   seed: 7,
 *   routes: { 'GET /orders': [sometimes(0.2, answer(503)), sometimes(0.1, reset()), answer(200)] },
 * })
 * ```
 */
export function sometimes(ratio: number, behaviour: Behaviour): Fault {
  const check = new OptionCheck('sometimes()')
  check.number('ratio', ratio ?? null, { min: 0, max: 1 })
  checkBehaviour(check, 'behaviour', behaviour)
  check.done()
  return {
    kind: '',
    choices: [behaviour],
    apply: (exchange, next) => (exchange.random() < ratio ? runBehaviour(behaviour, exchange, next) : next()),
  }
}

/**
 * Treats the first request one way, the second another, and so on, then begins again. An empty list as an element
 * hands the request on. With the server's `verdictHeader`, attempts of one call are counted by themselves.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` without an element, or naming each that is no behaviour.
 * @example
 * ```ts
 * import { answer, cycle, faultServer, reset } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   routes: { 'GET /orders': cycle([answer(503), reset(), answer(200, { json: { id: '42' } })]) },
 * })
 * ```
 */
export function cycle(behaviours: readonly Behaviour[]): Fault {
  const check = new OptionCheck('cycle()')
  if (!Array.isArray(behaviours) || behaviours.length === 0)
    check.add('', 'takes a list of at least one behaviour')
  else checkBehaviour(check, '', behaviours)
  check.done()
  return {
    kind: '',
    choices: behaviours,
    apply: (exchange, next) => {
      const behaviour = behaviours[(exchange.turn - 1) % behaviours.length] ?? []
      return runBehaviour(behaviour, exchange, next)
    },
  }
}

/**
 * Does what is given for the server's phase and hands the request on in every other phase. `server.phase(name)`
 * moves on to another.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each phase whose value is no behaviour.
 * @example
 * ```ts
 * import { answer, faultServer, phases, sometimes, stall } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   phase: 'healthy',
 *   routes: {
 *     '*': [phases({ healthy: [], errors: sometimes(0.5, answer(503)), blackHole: stall() }), answer(200)],
 *   },
 * })
 * server.phase('errors')
 * ```
 */
export function phases(byName: Readonly<Record<string, Behaviour>>): Fault {
  const check = new OptionCheck('phases()')
  const entries = Object.entries(byName ?? {})
  if (entries.length === 0) check.add('', 'takes an object with a behaviour for each phase')
  for (const [name, behaviour] of entries) checkBehaviour(check, name, behaviour)
  check.done()
  const behaviours = new Map(entries)
  return {
    kind: '',
    choices: [...behaviours.values()],
    phases: [...behaviours.keys()],
    apply: (exchange, next) => runBehaviour(behaviours.get(exchange.phase) ?? [], exchange, next),
  }
}

/** One stage of a `schedule`. Without a limit it lasts for ever. */
export interface Stage {
  readonly behaviour: Behaviour
  /** Ends this many milliseconds after the stage began. */
  readonly forMs?: number | undefined
  /** Ends after this many requests, which unlike a time is the same on every machine. */
  readonly requests?: number | undefined
}

/**
 * One way of treating requests after another, each for a time or for a number of requests. The first stage begins
 * with the first request; after the last one requests are handed on.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong field.
 * @example
 * ```ts
 * import { answer, faultServer, schedule, stall } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   routes: {
 *     '*': [schedule([{ requests: 20, behaviour: [] }, { forMs: 5_000, behaviour: stall() }]), answer(200)],
 *   },
 * })
 * ```
 */
export function schedule(stages: readonly Stage[]): Fault {
  const check = new OptionCheck('schedule()')
  if (!Array.isArray(stages) || stages.length === 0) check.add('', 'takes a list of at least one stage')
  else for (const index of stages.keys()) checkStage(check, stages, index)
  check.done()
  const progress = new Progress(stages)
  return {
    kind: '',
    choices: stages.map(({ behaviour }) => behaviour),
    apply: (exchange, next) => runBehaviour(progress.behaviourNow(), exchange, next),
  }
}

function checkStage(check: OptionCheck, stages: readonly Stage[], index: number): void {
  const path = `[${index}]`
  const stage = stages[index]
  if (!check.object(path, stage ?? null, ['behaviour', 'forMs', 'requests']) || stage === undefined) return
  const { behaviour, forMs, requests } = stage
  checkBehaviour(check, `${path}.behaviour`, behaviour)
  check.milliseconds(`${path}.forMs`, forMs)
  check.number(`${path}.requests`, requests, { min: 1, integer: true })
  if (forMs !== undefined && requests !== undefined) check.add(path, 'takes forMs or requests, not both')
  if (forMs === undefined && requests === undefined && index < stages.length - 1) {
    check.add(path, 'never ends, so that the stages after it are never reached; give it forMs or requests')
  }
}

class Progress {
  readonly #stages: readonly Stage[]
  #index = 0
  #beganAt: number | undefined = undefined
  #requests = 0

  constructor(stages: readonly Stage[]) {
    this.#stages = stages
  }

  behaviourNow(): Behaviour {
    const now = performance.now()
    this.#beganAt ??= now
    let stage = this.#stages[this.#index]
    while (stage !== undefined && this.#isOver(stage, this.#beganAt, now)) {
      // A stage begins when the one before it was due to end, however late the next request comes.
      this.#beganAt = stage.forMs === undefined ? now : this.#beganAt + stage.forMs
      this.#requests = 0
      this.#index++
      stage = this.#stages[this.#index]
    }
    this.#requests++
    return stage?.behaviour ?? []
  }

  #isOver({ forMs, requests }: Stage, beganAt: number, now: number): boolean {
    if (requests !== undefined) return this.#requests >= requests
    return forMs !== undefined && now >= beganAt + forMs
  }
}
