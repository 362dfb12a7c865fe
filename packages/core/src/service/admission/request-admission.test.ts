import { expect, it } from 'vitest'
import { ActiveContext, readInbound } from '../../telemetry/context/index.js'
import { resolveAdmission } from './admission-options.js'
import { type AdmittedExchange, RequestAdmission } from './request-admission.js'

const silent = { refused: () => {}, shadowRefused: () => {}, limiting: () => {} }

/** What becomes of the permit of a request that says `accept`. */
function permitOf(accept: string | undefined): string {
  let isWatched = false
  const exchange: AdmittedExchange = {
    context: new ActiveContext(readInbound({}, () => expect.fail('logs nothing'))),
    request: { headers: { accept } },
    startedAt: performance.now(),
    durationMs: 0,
    status: 200,
    aborted: false,
    admittedAt: undefined,
    refusal: undefined,
    whenEventStream: () => {
      isWatched = true
    },
  }
  expect(new RequestAdmission(resolveAdmission(true), silent).tryAdmit(exchange)).toBe(true)
  if (exchange.admittedAt === undefined) return 'released'
  return isWatched ? 'released with a stream' : 'kept'
}

it.each([
  [undefined, 'kept'],
  ['', 'kept'],
  ['*/*', 'kept'],
  ['application/json', 'kept'],
  ['text/event-streams', 'kept'],
  ['text/event-stream;q=0', 'kept'],
  ['application/json, text/event-stream; q=0.000', 'kept'],
  ['text/event-stream', 'released'],
  [' Text/Event-Stream ;charset=utf-8 ; q=0.9', 'released'],
  ['text/event-stream, application/json;q=0', 'released'],
  ['text/event-stream;q=0.01', 'released'],
  ['application/json, text/event-stream', 'released with a stream'],
  ['text/event-stream, */*', 'released with a stream'],
  ['text/*', 'released with a stream'],
])('the permit of a request that accepts %j is %s', (accept, expected) => {
  expect(permitOf(accept)).toBe(expected)
})
