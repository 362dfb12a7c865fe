/**
 * What choosing an endpoint costs, and what a million calls over a thousand endpoints that come and go leave behind.
 *
 * node --conditions=holdfast-source --import tsx benchmarks/endpoints/main.ts
 */

interface Guard {
  readonly refuses: boolean
  readonly retryAfterMs: undefined
  close(): void
}

interface State {
  began(): void
  settled(verdict: 'measured', ms: number, now: number): void
}

interface Set {
  readonly size: number
  readonly draining: number
  start(): void
  pick(tried: undefined, now: number): State | undefined
  close(): void
}

interface Listener {
  update(endpoints: readonly (string | { readonly url: string; readonly weight: number })[]): void
}

type Endpoints = {
  readonly EndpointSet: new (options: {
    readonly source: { watch(listener: Listener): { close(): void } }
    readonly balancing: { readonly algorithm: string }
    readonly createGuard: () => Guard
  }) => Set
}

const maxPickUs = 0.3

// The set is no part of what the package exports, and is measured all the same.
const { EndpointSet }: Endpoints = await import(
  new URL('../../packages/core/src/upstream/endpoints/index.ts', import.meta.url).href
)

let openGuards = 0
const createGuard = (): Guard => {
  openGuards++
  return { refuses: false, retryAfterMs: undefined, close: () => void openGuards-- }
}

function startSet(algorithm: string): { readonly set: Set; readonly say: Listener['update'] } {
  let listener: Listener | undefined
  const source = {
    watch(given: Listener) {
      listener = given
      return { close: () => {} }
    },
  }
  const set = new EndpointSet({ source, balancing: { algorithm }, createGuard })
  set.start()
  return { set, say: (endpoints) => listener?.update(endpoints) }
}

/** Microseconds of CPU, the median of rounds. */
function cpuUsOf(run: (now: number) => void, runs = 200_000, rounds = 15): number {
  const samples: number[] = []
  for (let round = -3; round < rounds; round++) {
    const before = process.cpuUsage()
    const now = performance.now()
    for (let n = 0; n < runs; n++) run(now + n / 100)
    const { user, system } = process.cpuUsage(before)
    if (round >= 0) samples.push((user + system) / runs)
  }
  return samples.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN
}

function measureChoice(algorithm: string, weighted: boolean): number {
  const { set, say } = startSet(algorithm)
  const url = (n: number): string => `http://replica-${n}:3000`
  say(Array.from({ length: 100 }, (_, n) => (weighted ? { url: url(n), weight: 1 + (n % 7) } : url(n))))
  const now = performance.now()
  for (let n = 0; n < 1_000; n++) {
    const state = set.pick(undefined, now)
    state?.began()
    if (n % 4 !== 0) state?.settled('measured', 5 + (n % 40), now)
  }
  const picked = cpuUsOf((at) => void set.pick(undefined, at))
  const loop = cpuUsOf((at) => {
    const state = set.pick(undefined, at)
    state?.began()
    state?.settled('measured', 10, at)
  })
  set.close()
  const name = `${algorithm}${weighted ? ', weighted' : ''}`
  console.log(
    `${name.padEnd(24)} pick ${picked.toFixed(3)} us; with began() and settled() ${loop.toFixed(3)} us`,
  )
  return picked
}

/** Every thousand calls a hundred of the thousand endpoints are replaced by others. */
function churn(): boolean {
  const { set, say } = startSet('powerOfTwo')
  const guardsBefore = openGuards
  const going: State[] = []
  let most = 0
  for (let n = 0; n < 1_000_000; n++) {
    if (n % 1_000 === 0) {
      const first = n / 10
      say(Array.from({ length: 1_000 }, (_, index) => `http://replica-${first + index}:3000`))
    }
    const state = set.pick(undefined, n / 10)
    state?.began()
    if (state !== undefined) going.push(state)
    if (going.length > 200) going.shift()?.settled('measured', 10, n / 10)
    most = Math.max(most, set.size + set.draining)
  }
  for (const state of going) state.settled('measured', 10, 100_000)
  const isBounded = most <= 1_200 && set.draining === 0 && openGuards - guardsBefore === 1_000
  set.close()
  const leftBehind = openGuards - guardsBefore
  console.log(
    `a million calls, 100,900 endpoints: at most ${most} states at a time, ${leftBehind} left behind`,
  )
  return isBounded && leftBehind === 0
}

const picks = [false, true].map((weighted) => measureChoice('powerOfTwo', weighted))
measureChoice('roundRobin', false)
const isCheap = Math.max(...picks) <= maxPickUs
const isClean = churn()
console.log(
  `${isCheap && isClean ? 'passed' : 'FAILED'}: a choice of 100 within ${maxPickUs} us, nothing left behind`,
)
if (!isCheap || !isClean) process.exitCode = 1
