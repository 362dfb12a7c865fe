import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { errorCodes, type HoldfastError, isHoldfastError } from '../../../src/foundation/errors/index.js'

/** How long after its deadline a call may settle at the latest. */
const graceMs = 1_000
/** How long sockets and timers may take to go away. */
const cleanUpMs = 5_000

/** How a call has ended. */
export type Ending = { readonly value: unknown } | { readonly error: HoldfastError }

/**
 * The outcome of a call, after the assertions that hold for all: it settles within its deadline and a second, and an
 * error says all that errors say.
 */
export async function endingOf(call: Promise<unknown>, deadlineMs: number): Promise<Ending> {
  const startedAt = performance.now()
  const ending = await Promise.race([
    call.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    sleep(deadlineMs + graceMs, 'it has not settled', { ref: false }),
  ])
  expect(ending).not.toBe('it has not settled')
  expect(performance.now() - startedAt).toBeLessThanOrEqual(deadlineMs + graceMs)
  if ('error' in (ending as object)) expectWhole((ending as { error: unknown }).error)
  return ending as Ending
}

/** The outcome of a call that its caller has left: the caller's own reason comes back where `keepsReason`. */
export async function endingOfLeft(
  call: Promise<unknown>,
  reason: unknown,
  { keepsReason }: { readonly keepsReason: boolean },
  expected: object = {},
): Promise<void> {
  if (!keepsReason) {
    expect(await endingOf(call, 9_000)).toMatchObject({ error: { code: 'ABORTED', ...expected } })
    return
  }
  const outcome = call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  expect(await outcome).toEqual({ error: reason })
}

function expectWhole(error: unknown): void {
  if (!isHoldfastError(error)) throw error
  expect(errorCodes).toHaveProperty(error.code)
  if (error.code !== 'HTTP_STATUS') expect(error.retryable).toBe(errorCodes[error.code].retryable)
  expect(error).toMatchObject({
    retryable: expect.any(Boolean),
    attempts: expect.any(Number),
    elapsedMs: expect.any(Number),
    dependency: expect.any(String),
    phase: expect.any(String),
  })
}

/**
 * Runs a whole test, servers and clients included, and asserts what holds for all: nobody leaves a rejection unhandled
 * or a warning of leaks, and sockets, timers and listeners return to their number.
 */
export async function leavingNothing(run: () => Promise<void>): Promise<void> {
  const before = resources()
  const listenersBefore = listeners()
  const unexpected: unknown[] = []
  const note = (what: unknown): void => {
    unexpected.push(what)
  }
  const noteWarning = (warning: Error): void => {
    if (warning.name === 'MaxListenersExceededWarning') note(warning)
  }
  process.on('unhandledRejection', note)
  process.on('warning', noteWarning)
  try {
    await run()
    await settled(before)
  } finally {
    process.off('unhandledRejection', note)
    process.off('warning', noteWarning)
  }
  expect(unexpected).toEqual([])
  expect(listeners()).toEqual(listenersBefore)
}

/** Waits until there is no more of anything than there was before. */
async function settled(before: ReadonlyMap<string, number>): Promise<void> {
  const until = performance.now() + cleanUpMs
  let left = surplus(before)
  while (left.length > 0 && performance.now() < until) {
    await sleep(10)
    left = surplus(before)
  }
  expect(left).toEqual([])
}

function surplus(before: ReadonlyMap<string, number>): string[] {
  return [...resources()]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(([name, count]) => `${count} ${name}, ${before.get(name) ?? 0} before`)
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function listeners(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]))
}
