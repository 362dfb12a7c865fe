import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { factsOf, startTestSdk } from '../../../../test/fixtures/client-spans.js'
import { echoServer } from '../../../../test/fixtures/echo.js'
import { openAgent } from '../../../../test/fixtures/faces.js'
import { defineContract } from '../../../contract/index.js'
import { runWithContext } from '../../../telemetry/context/index.js'
import { createClient } from '../typed/create-client.js'

const carried = { correlationId: 'order-4711', baggage: 'b=2' }

describe('the headers of an intercepted request', () => {
  it.each<[string, () => never]>([
    ['an object', () => ({ 'x-own': '1', Baggage: 'mine=1' }) as never],
    ['a flat list', () => ['x-own', '1', 'Baggage', 'mine=1'] as never],
    ['pairs', () => new Map(Object.entries({ 'x-own': '1', Baggage: 'mine=1' })) as never],
  ])('are added to %s, and none twice', async (_, headers) => {
    const { url, seen } = await echoServer()
    const { agent } = openAgent({ propagate: true })
    const answer = await runWithContext(carried, () =>
      agent.request({ origin: url, path: '/', method: 'GET', headers: headers() }),
    )
    await answer.body.dump()
    const names = (seen[0]?.rawHeaders ?? []).map((name) => name.toLowerCase())
    expect(seen[0]?.headers).toMatchObject({
      'x-own': '1',
      baggage: 'mine=1',
      'x-correlation-id': 'order-4711',
    })
    expect(names.filter((name) => name === 'baggage')).toHaveLength(1)
  })

  it('are those of a typed client above, once, with one span', async () => {
    const spans = startTestSdk()
    const { url, seen } = await echoServer()
    const { agent } = openAgent({ propagate: true })
    const contract = defineContract('things', { list: { method: 'GET', path: '/' } })
    const client = createClient(contract, { baseUrl: url, dispatcher: agent })
    await runWithContext(carried, () => client.list(undefined))
    await client.$close()
    const names = (seen[0]?.rawHeaders ?? []).map((name) => name.toLowerCase())
    for (const name of ['x-correlation-id', 'traceparent', 'baggage', 'x-request-timeout-ms']) {
      expect(names.filter((one) => one === name)).toEqual([name])
    }
    expect(factsOf(spans())).toMatchObject([{ name: 'GET /', kind: 'CLIENT' }])
  })
})

it('an intercepted 304 may announce the length of a body that it does not have', async () => {
  const server = createServer((socket) =>
    socket.once('data', () => socket.write('HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n')),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { agent } = openAgent()
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { statusCode, body } = await agent.request({ origin, path: '/', method: 'GET' })
  expect([statusCode, await body.text()]).toEqual([304, ''])
})
