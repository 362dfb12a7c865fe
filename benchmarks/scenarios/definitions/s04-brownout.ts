import { answer, type Behaviour, ignore, type Moment, serve } from '../model/behaviour.js'
import type { Scenario, Target, Variant } from '../model/scenario.js'
import {
  always,
  attemptTimeoutMs,
  clients,
  errorStatuses,
  lastingEvent,
  meanMs,
  percent,
} from './standard.js'

const rates = [200, 700] as const
const shares = [0.2, 0.5, 1] as const
const maxAmplification = 1.1

interface Fault {
  readonly name: string
  readonly perSecond: number
  readonly behave: (moment: Moment) => Behaviour
  readonly target: Target | undefined
}

function variant({ name, perSecond, behave, target }: Fault): Variant {
  return {
    name: `${name}, ${perSecond} rps`,
    timing: lastingEvent,
    clients,
    load: [{ eventMs: always, perSecond }],
    dependencies: {
      dependency: {
        replicas: 1,
        slots: 10,
        meanMs,
        behave: (moment) => (moment.eventMs < 0 ? serve : behave(moment)),
      },
    },
    settings: { attemptTimeoutMs },
    path: (random) => `/items/${Math.floor(random() * 1_000)}`,
    headline: 'success',
    target,
    isReal: true,
  }
}

function atLeast(leastSuccess: number): Target {
  return {
    text: `success >= ${percent(leastSuccess)}, amplification <= ${maxAmplification}`,
    isMet: ({ success = 0, amplification = Number.NaN }) =>
      success >= leastSuccess && amplification <= maxAmplification,
  }
}

/** Without retries the share that does not fail succeeds; a point less is allowed. 503s may be retried. */
function leastSuccess(share: number, status: number): number {
  if (status === 503 && share === 0.2) return 0.85
  if (status === 503 && share === 0.5) return 0.52
  return Math.max(0, 1 - share - 0.01)
}

function failing(share: number, status: number, perSecond: number): Variant {
  const error = answer(status)
  return variant({
    name: `${percent(share)} x ${status}`,
    perSecond,
    behave: ({ random }) => (random() < share ? error : serve),
    target: atLeast(leastSuccess(share, status)),
  })
}

/** One of four shards behind one name: the key of a request says which it needs, wherever it is sent. */
function shardDown(fault: Behaviour, name: string, perSecond: number): Variant {
  return variant({
    name: `1 of 4 shards ${name}`,
    perSecond,
    behave: ({ path }) => (Number(path.slice('/items/'.length)) % 4 === 0 ? fault : serve),
    target: fault.kind === 'ignore' ? undefined : atLeast(0.74),
  })
}

export const brownout: Scenario = {
  id: 'S4',
  title: 'Brownout',
  story:
    'A fifth, a half or all of the requests fail at once, or those for one of four shards behind one name. Does protection keep what still works?',
  pictured: ['50 % x 503, 700 rps', '1 of 4 shards 503, 700 rps'],
  variants: rates.flatMap((perSecond) => [
    ...errorStatuses.flatMap((status) => shares.map((share) => failing(share, status, perSecond))),
    ...errorStatuses.map((status) => shardDown(answer(status), String(status), perSecond)),
    shardDown(ignore, 'black-holed', perSecond),
  ]),
}
