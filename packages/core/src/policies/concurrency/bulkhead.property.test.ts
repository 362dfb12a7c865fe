import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bulkhead, bulkhead } from './bulkhead.js'

const flush = (): Promise<void> => new Promise(setImmediate)

/** What happens to the calls of a bulkhead, as a queue of numbers and a set of them says it should. */
interface Model {
  readonly running: Set<number>
  readonly waiting: number[]
  /** Running, with the caller gone. */
  readonly abandoned: Set<number>
}

interface Real {
  readonly limit: Bulkhead
  readonly started: number[]
  readonly ends: Map<number, () => void>
  readonly controllers: AbortController[]
  readonly outcomes: string[]
}

type Command = fc.AsyncCommand<Model, Real>

const isOver = ({ running, abandoned }: Model, capacity: number): boolean =>
  running.size + abandoned.size > capacity

function agree(model: Model, real: Real): void {
  expect(isOver(model, real.limit.maxConcurrent)).toBe(false)
  expect(real.limit.inFlight).toBe(model.running.size + model.abandoned.size)
  expect(real.limit.queued).toBe(model.waiting.length)
  expect(new Set(real.ends.keys())).toEqual(new Set([...model.running, ...model.abandoned]))
}

function admitNext(model: Model, real: Real): void {
  const next = model.waiting.shift()
  if (next === undefined) return
  model.running.add(next)
  expect(real.started.at(-1)).toBe(next)
}

class Arrive implements Command {
  check = (): boolean => true
  toString = (): string => 'arrive'
  async run(model: Model, real: Real): Promise<void> {
    const id = real.controllers.length
    const controller = new AbortController()
    real.controllers.push(controller)
    const work = (): Promise<void> =>
      new Promise((resolve) => {
        real.started.push(id)
        real.ends.set(id, resolve)
      })
    void real.limit.execute(work, { signal: controller.signal }).then(
      () => {
        real.outcomes[id] = 'done'
      },
      (error) => {
        real.outcomes[id] = error.code
      },
    )
    await flush()
    if (model.running.size + model.abandoned.size < real.limit.maxConcurrent) model.running.add(id)
    else if (model.waiting.length < 3) model.waiting.push(id)
    else expect(real.outcomes[id]).toBe('CONCURRENCY_LIMIT')
    agree(model, real)
  }
}

class End implements Command {
  readonly #pick: number
  constructor(pick: number) {
    this.#pick = pick
  }
  check = ({ running, abandoned }: Readonly<Model>): boolean => running.size + abandoned.size > 0
  toString = (): string => `end(${this.#pick})`
  async run(model: Model, real: Real): Promise<void> {
    const going = [...model.running, ...model.abandoned]
    const id = going[this.#pick % going.length] ?? 0
    real.ends.get(id)?.()
    real.ends.delete(id)
    await flush()
    expect(real.outcomes[id]).toBe(model.running.has(id) ? 'done' : 'ABORTED')
    model.running.delete(id)
    model.abandoned.delete(id)
    admitNext(model, real)
    agree(model, real)
  }
}

class Abort implements Command {
  readonly #pick: number
  constructor(pick: number) {
    this.#pick = pick
  }
  check = ({ running, waiting }: Readonly<Model>): boolean => running.size + waiting.length > 0
  toString = (): string => `abort(${this.#pick})`
  async run(model: Model, real: Real): Promise<void> {
    const calls = [...model.running, ...model.waiting]
    const id = calls[this.#pick % calls.length] ?? 0
    real.controllers[id]?.abort()
    await flush()
    expect(real.outcomes[id]).toBe('ABORTED')
    if (model.running.delete(id)) model.abandoned.add(id)
    else model.waiting.splice(model.waiting.indexOf(id), 1)
    agree(model, real)
  }
}

describe('any sequence of arrivals, ends and aborts', () => {
  it('never runs more than maxConcurrent, loses no permit and admits in order', async () => {
    const commands = fc.commands(
      [
        fc.constant(new Arrive()),
        fc.constant(new Arrive()),
        fc.nat(9).map((pick) => new End(pick)),
        fc.nat(9).map((pick) => new Abort(pick)),
      ],
      { maxCommands: 40 },
    )
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), commands, async (maxConcurrent, sequence) => {
        const limit = bulkhead({ maxConcurrent, maxQueue: 3 })
        const real: Real = { limit, started: [], ends: new Map(), controllers: [], outcomes: [] }
        await fc.asyncModelRun(
          () => ({ model: { running: new Set<number>(), waiting: [], abandoned: new Set<number>() }, real }),
          sequence,
        )
        for (const end of real.ends.values()) end()
        while (limit.inFlight > 0) {
          await flush()
          for (const end of real.ends.values()) end()
        }
        expect(limit.queued).toBe(0)
      }),
      { numRuns: 150 },
    )
  })
})
