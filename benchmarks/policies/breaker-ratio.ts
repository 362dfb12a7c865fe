/**
 * What the share at which a breaker opens makes of a brownout, in which half of the requests fail, and of an outage, in
 * which all do. Ten seconds each; the attempts are those of a client's defaults.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CircuitBreaker, circuitBreaker, compose, retry } from '@holdfast/core'
import { seededRandom } from '@holdfast/core/testing'

const callsPerSecond = 200
const seconds = 10

interface Contender {
  readonly name: string
  readonly breaker: CircuitBreaker | undefined
}

interface Tally {
  calls: number
  answers: number
  requests: number
}

const contenders = (): Contender[] => [
  { name: 'no breaker', breaker: undefined },
  { name: 'opens at 50 %', breaker: circuitBreaker({ failureRatio: 0.5, random: seededRandom(1) }) },
  { name: 'opens at 90 %', breaker: circuitBreaker({ failureRatio: 0.9, random: seededRandom(1) }) },
]

async function run({ breaker }: Contender, failing: number): Promise<Tally> {
  const tally: Tally = { calls: 0, answers: 0, requests: 0 }
  const random = seededRandom(7)
  const attempts = retry({ baseMs: 50, random: seededRandom(2) })
  const policy = breaker === undefined ? attempts : compose(attempts, breaker)
  const request = async (): Promise<void> => {
    tally.requests++
    if (random() < failing) throw new Error('failed')
  }
  const pending: Promise<void>[] = []
  for (let second = 0; second < seconds * 10; second++) {
    for (let call = 0; call < callsPerSecond / 10; call++) {
      tally.calls++
      const answered = () => {
        tally.answers++
      }
      pending.push(policy.execute(request).then(answered, () => {}))
    }
    await sleep(100)
  }
  await Promise.all(pending)
  breaker?.shutdown()
  return tally
}

for (const [title, failing] of [
  ['half of the requests fail', 0.5],
  ['all requests fail', 1],
] as const) {
  const list = contenders()
  const tallies = await Promise.all(list.map((contender) => run(contender, failing)))
  console.log(`\n${title.padEnd(28)}answers  requests a call`)
  for (const [index, { calls, answers, requests }] of tallies.entries()) {
    const share = `${((100 * answers) / calls).toFixed(0)} %`
    console.log(
      `${(list[index]?.name ?? '').padEnd(28)}${share.padStart(7)}  ${(requests / calls).toFixed(2).padStart(15)}`,
    )
  }
}
