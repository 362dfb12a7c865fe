import type { BalancingOptions } from './balancing-options.js'
import { EndpointSet } from './endpoint-set.js'
import type { EndpointGuard, EndpointState, LatencyVerdict } from './endpoint-state.js'
import { addTried, type Tried } from './tried.js'

/** How a replica of the fleet behaves from some moment on. */
export interface Replica {
  /** Milliseconds that a call takes it, drawn for each; -1 for an error at once. */
  readonly serviceMs: (random: () => number) => number
}

/** A fleet of replicas that serve one call at a time, and open-loop load on it. */
export interface FleetOptions {
  readonly replicas: number
  readonly clients: number
  /** Calls a second, of all clients. */
  readonly rate: number
  readonly warmUpMs: number
  readonly measuredMs: number
  readonly attempts: number
  readonly random: () => number
  /** What each replica is like, before and after `warmUpMs`. */
  readonly replica: (index: number, isWarm: boolean) => Replica
  readonly balancing?: BalancingOptions
}

/** What came of it, after the warm-up. */
export interface FleetResult {
  readonly calls: number
  readonly successRatio: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** The share of the attempts that each replica got. */
  readonly shares: readonly number[]
}

/** Exponential service times with a mean of `meanMs`. */
export const exponential =
  (meanMs: number): Replica['serviceMs'] =>
  (random) =>
    -Math.log(1 - random()) * meanMs

const open: EndpointGuard = { refuses: false, retryAfterMs: undefined, close: () => {} }

/** A binary heap of what is due, by time. */
class Agenda {
  readonly #heap: { readonly at: number; readonly run: () => void }[] = []

  add(at: number, run: () => void): void {
    const heap = this.#heap
    const entry = { at, run }
    let place = heap.push(entry) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || parent.at <= at) break
      heap[place] = parent
      place = above
    }
    heap[place] = entry
  }

  next(): { readonly at: number; readonly run: () => void } | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let place = 0
    for (;;) {
      const left = heap[2 * place + 1]
      const right = heap[2 * place + 2]
      const isRight = left !== undefined && right !== undefined && right.at < left.at
      const child = isRight ? right : left
      if (child === undefined || child.at >= last.at) break
      heap[place] = child
      place = 2 * place + (isRight ? 2 : 1)
    }
    heap[place] = last
    return first
  }
}

/** Runs the fleet in virtual time: only the sets and the balancer are real. */
export function simulateFleet(options: FleetOptions): FleetResult {
  const { random } = options
  const agenda = new Agenda()
  const start = performance.now()
  const end = options.warmUpMs + options.measuredMs
  const urls = Array.from({ length: options.replicas }, (_, index) => `http://replica-${index}:3000`)
  const sets = Array.from({ length: options.clients }, () => {
    const { balancing } = options
    const set = new EndpointSet({ source: urls, balancing, random, createGuard: () => open })
    set.start()
    return set
  })
  const idleAt = urls.map(() => 0)
  const attempts = urls.map(() => 0)
  const latencies: number[] = []
  let calls = 0

  const attempt = (
    set: EndpointSet<EndpointGuard>,
    begunAt: number,
    now: number,
    made: Tried<EndpointGuard>,
    left: number,
  ): void => {
    const chosen = set.pick(made, start + now) as EndpointState
    const index = urls.indexOf(chosen.endpoint.url)
    const isWarm = now >= options.warmUpMs
    if (isWarm) attempts[index] = (attempts[index] ?? 0) + 1
    chosen.began()
    const ms = options.replica(index, isWarm).serviceMs(random)
    const doneAt = ms < 0 ? now + 0.5 : Math.max(now, idleAt[index] ?? 0) + ms
    if (ms >= 0) idleAt[index] = doneAt
    agenda.add(doneAt, () => {
      const verdict: LatencyVerdict = ms < 0 ? 'penalty' : 'measured'
      chosen.settled(verdict, doneAt - now, start + doneAt)
      if (ms >= 0) {
        if (begunAt >= options.warmUpMs) latencies.push(doneAt - begunAt)
      } else if (left > 1) attempt(set, begunAt, doneAt, addTried(made, chosen), left - 1)
    })
  }
  const arrive = (now: number): void => {
    if (now >= end) return
    if (now >= options.warmUpMs) calls++
    const set = sets[Math.floor(random() * sets.length)]
    if (set !== undefined) attempt(set, now, now, undefined, options.attempts)
    const next = now - (Math.log(1 - random()) * 1_000) / options.rate
    agenda.add(next, () => arrive(next))
  }
  arrive(0)
  for (let due = agenda.next(); due !== undefined; due = agenda.next()) due.run()
  for (const set of sets) set.close()

  const sorted = Float64Array.from(latencies).sort()
  const quantile = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
  const total = attempts.reduce((sum, count) => sum + count, 0)
  return {
    calls,
    successRatio: latencies.length / calls,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    p999Ms: quantile(0.999),
    shares: attempts.map((count) => count / total),
  }
}
