import { expect, it } from 'vitest'
import { DispatchExchange, type ScriptedResponse } from './dispatch-exchange.js'

const options = { origin: 'http://orders', path: '/', method: 'GET' }
const response = (body: ScriptedResponse['body']): ScriptedResponse => ({ status: 200, headers: {}, body })
const enough = new Error('enough')

/** Notes what the handler is told. */
function recorded(onData: (exchange: DispatchExchange) => void = () => {}) {
  const told: string[] = []
  const exchange: DispatchExchange = new DispatchExchange({
    onRequestStart: () => void told.push('start'),
    onResponseStart: () => void told.push('headers'),
    onResponseData: (_, chunk) => {
      told.push(String(chunk))
      onData(exchange)
    },
    onResponseEnd: () => void told.push('end'),
    onResponseError: (_, error) => void told.push(error.message),
  })
  return { exchange, told }
}

const chunks = () => ['a', 'b', 'c'].map((chunk) => Buffer.from(chunk))

it('tells everything in order', async () => {
  const { exchange, told } = recorded()
  await exchange.run(options, async () => response(chunks()))
  expect(told).toEqual(['start', 'headers', 'a', 'b', 'c', 'end'])
  exchange.abort(enough)
  await Promise.resolve()
  expect(told).toHaveLength(6)
})

it('tells nothing more after an abort within the body, and closes it', async () => {
  let isClosed = false
  async function* body() {
    try {
      yield* chunks()
    } finally {
      isClosed = true
    }
  }
  const { exchange, told } = recorded(() => exchange.abort(enough))
  await exchange.run(options, async () => response(body()))
  expect(told).toEqual(['start', 'headers', 'a', 'enough'])
  expect(isClosed).toBe(true)
})

it('tells of an abort once, whatever becomes of the response', async () => {
  for (const late of [() => response(chunks()), () => Promise.reject(new Error('too late'))]) {
    const { exchange, told } = recorded()
    const running = exchange.run(options, async () => {
      exchange.abort(enough)
      exchange.abort(new Error('once more'))
      await new Promise(setImmediate)
      return late()
    })
    await running
    expect(told).toEqual(['start', 'enough'])
    expect(exchange.reason).toBe(enough)
  }
})

it('ends a pause by an abort', async () => {
  const { exchange, told } = recorded(() => {
    exchange.pause()
    setImmediate(() => exchange.abort(enough))
  })
  await exchange.run(options, async () => response(chunks()))
  expect(told).toEqual(['start', 'headers', 'a', 'enough'])
})
