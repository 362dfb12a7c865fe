import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender, Limits } from './contenders.js'

/** What became of a row. */
export interface Verdict {
  /** `undefined` where the row does not apply. */
  readonly holds: boolean | undefined
  readonly what: string
}

/** Where the faulty services are. */
export interface Services {
  readonly url: string
  /** A service that was well at first, is down, and comes back a little later. */
  readonly recovering: string
}

/** One fault, and how a client is judged. */
export interface Row {
  /** Its number in the list of faults. */
  readonly fault: number
  readonly title: string
  readonly limits?: Limits
  judge(client: Contender, services: Services): Promise<Verdict>
}

/** Those of rows that do not say. */
export const usualLimits: Limits = { deadlineMs: 600, backoffMs: 50 }

/** Where the answer is wrong and comes at once, no client should look well because it ran out of time. */
const patient: Limits = { deadlineMs: 3_000, backoffMs: 50 }

const graceMs = 1_000
const megabyte = 1_048_576

interface Ending {
  readonly value?: unknown
  readonly error?: unknown
  readonly ms: number
}

/** How a call ends; `undefined` where it does not within its deadline and a second. */
async function endOf(
  call: Promise<unknown>,
  limitMs = usualLimits.deadlineMs + graceMs,
): Promise<Ending | undefined> {
  const startedAt = performance.now()
  return Promise.race([
    call.then(
      (value) => ({ value, ms: performance.now() - startedAt }),
      (error: unknown) => ({ error, ms: performance.now() - startedAt }),
    ),
    sleep(limitMs, undefined),
  ])
}

const nameOf = (error: unknown): string => {
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown }
  return printable(typeof code === 'string' ? code : `${String(name)}: ${String(message)}`.slice(0, 60))
}

/** The call must end, in time, with an error. */
function mustFail(fault: number, title: string, path: string, limits = usualLimits): Row {
  return {
    fault,
    title,
    limits,
    async judge(client, { url }) {
      const ending = await endOf(client.get(`${url}/${path}`), limits.deadlineMs + graceMs)
      if (ending === undefined) return { holds: false, what: 'never ends' }
      if (!('error' in ending)) return { holds: false, what: `answers ${shown(ending.value)}` }
      return { holds: true, what: nameOf(ending.error) }
    },
  }
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')

function shown(value: unknown): string {
  const text = printable(JSON.stringify(value) ?? String(value))
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

/** The call must be stopped before it has taken much memory. */
function mustStayBounded(fault: number, title: string, path: string): Row {
  return {
    fault,
    title,
    limits: patient,
    async judge(client, { url }) {
      const before = process.memoryUsage().rss
      let peak = before
      const watch = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage().rss)
      }, 5)
      const ending = await endOf(client.get(`${url}/${path}`), patient.deadlineMs + graceMs)
      clearInterval(watch)
      const grown = Math.round((Math.max(peak, process.memoryUsage().rss) - before) / megabyte)
      if (ending === undefined) return { holds: false, what: `never ends, ${grown} MB` }
      const isStopped = 'error' in ending && grown < 100
      return { holds: isStopped, what: isStopped ? nameOf(ending.error) : `takes ${grown} MB` }
    },
  }
}

async function countOf(url: string, what: string): Promise<number> {
  return Number(await (await fetch(`${url}/count/${what}`)).text())
}

/** The table, by the numbers of the list of faults. */
export const rows: readonly Row[] = [
  mustFail(4, 'headers drip for ever', 'drip-headers'),
  mustFail(5, 'the body drips for ever', 'drip-body'),
  mustFail(6, 'the body stalls', 'stall-body'),
  mustFail(3, 'reset within the body', 'reset-body', patient),
  mustStayBounded(7, 'an endless body', 'endless'),
  mustStayBounded(7, 'a gzip bomb of 200 MB', 'bomb'),
  mustFail(8, 'gzip that is cut off', 'truncated-gzip', patient),
  mustFail(8, 'plain JSON labelled gzip', 'not-gzip', patient),
  mustFail(8, 'gzip ten times over', 'long-chain', patient),
  mustFail(9, 'two lengths', 'two-lengths', patient),
  mustFail(10, 'a web page instead of JSON', 'page', patient),
  mustFail(10, 'nothing instead of JSON', 'nothing', patient),
  mustFail(11, 'a redirect in circles', 'circle', patient),
  {
    fault: 12,
    title: 'a kept connection closed as it is used again',
    async judge(client, { url }) {
      for (let call = 0; call < 4; call++) {
        const ending = await endOf(client.get(`${url}/close-reused`))
        if (ending === undefined) return { holds: false, what: 'never ends' }
        if ('error' in ending) return { holds: false, what: nameOf(ending.error) }
      }
      return { holds: true, what: 'sent again' }
    },
  },
  {
    fault: 16,
    title: 'the clock goes back by an hour while the service is down',
    async judge(client, { recovering }) {
      if (client.hasBreaker !== true) return { holds: undefined, what: '' }
      for (let call = 0; call < 4; call++) await endOf(client.get(`${recovering}/down`))
      const { now } = Date
      Date.now = () => now() - 3_600_000
      await sleep(1_000)
      const ending = await endOf(client.get(`${recovering}/well`))
      Date.now = now
      if (ending === undefined) return { holds: false, what: 'never ends' }
      return 'error' in ending
        ? { holds: false, what: 'refuses the service that is back' }
        : { holds: true, what: 'used again' }
    },
  },
  {
    fault: 17,
    title: 'the caller leaves during a backoff',
    limits: { deadlineMs: 9_000, backoffMs: 1_000 },
    async judge(client, { url }) {
      if (client.hasRetries !== true) return { holds: undefined, what: '' }
      const controller = new AbortController()
      const call = endOf(client.get(`${url}/unavailable`, { signal: controller.signal }), 4_000)
      while ((await countOf(url, 'unavailable')) === 0) await sleep(5)
      await sleep(200)
      const abortedAt = performance.now()
      controller.abort()
      const ending = await call
      const ms = Math.round(performance.now() - abortedAt)
      await sleep(1_200)
      const further = (await countOf(url, 'unavailable')) - 1
      await countOf(url, 'reset')
      if (further > 0) return { holds: false, what: `${further} further requests` }
      if (ending === undefined || ms > 500) return { holds: false, what: `settles ${ms} ms later` }
      return { holds: true, what: 'at once' }
    },
  },
  {
    fault: 18,
    title: 'one call of many times out',
    async judge(client, { url }) {
      const others = (async () => {
        await sleep(80)
        return Promise.all(Array.from({ length: 5 }, () => endOf(client.get(`${url}/slow`))))
      })()
      await endOf(client.get(`${url}/drip-headers`))
      const failed = (await others).filter((ending) => ending === undefined || 'error' in ending).length
      const again = (await countOf(url, 'slow')) - 5
      await countOf(url, 'reset')
      if (failed > 0) return { holds: false, what: `${failed} of 5 others fail` }
      return again > 0
        ? { holds: false, what: `${again} of 5 others are sent again` }
        : { holds: true, what: 'only that one' }
    },
  },
  {
    fault: 20,
    title: 'Retry-After of 60 seconds',
    limits: { deadlineMs: 20_000, backoffMs: 50 },
    async judge(client, { url }) {
      if (client.hasRetries !== true) return { holds: undefined, what: '' }
      const ending = await endOf(client.get(`${url}/later`), 3_000)
      const requests = await countOf(url, 'later')
      await countOf(url, 'reset')
      if (requests > 1) return { holds: false, what: `${requests} requests in 3 s` }
      return { holds: true, what: ending === undefined ? 'waits' : nameOf(ending.error) }
    },
  },
  {
    fault: 35,
    title: 'a listener throws',
    limits: patient,
    async judge(client, { url }) {
      if (client.listen === undefined) return { holds: undefined, what: '' }
      client.listen(() => {
        throw new Error('a listener threw')
      })
      const ending = await endOf(client.get(`${url}/flaky`), 4_000)
      if (ending === undefined) return { holds: false, what: 'never ends' }
      return 'error' in ending
        ? { holds: false, what: nameOf(ending.error) }
        : { holds: true, what: 'no effect' }
    },
  },
]
