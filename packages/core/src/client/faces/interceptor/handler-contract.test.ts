import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { openAgent } from '../../../../test/fixtures/faces.js'
import { answer, cycle, faultServer, stall } from '../../../testing.js'

const callers = new AsyncLocalStorage<string>()
const ok = answer(200, { body: 'ok' })

/** What a dispatched request tells its handler, and in whose context. */
function record(onStart: (controller: Dispatcher.DispatchController) => void = () => undefined) {
  const calls: string[] = []
  const contexts = new Set<unknown>()
  let end: (error?: Error) => void = () => undefined
  const ended = new Promise<Error | undefined>((resolve) => {
    end = resolve
  })
  const note = (name: string): void => {
    calls.push(name)
    contexts.add(callers.getStore())
  }
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      note('start')
      onStart(controller)
    },
    onResponseStart: () => note('headers'),
    onResponseData: () => note('data'),
    onResponseEnd() {
      note('end')
      end()
    },
    onResponseError(_, error) {
      note('error')
      end(error)
    },
  }
  return { handler, calls, contexts, ended }
}

describe('a handler', () => {
  it.each([
    ['a path', { path: 'no-slash' }],
    ['headers', { headers: 'x' }],
    ['a method', { method: 'NO SPACE' }],
    ['pairs', { headers: new Set([5]) }],
  ])('hears of %s that undici refuses as undici tells it, without a start', async (_, wrong) => {
    await using server = await faultServer({ routes: { '*': ok } })
    const options = { origin: server.url, path: '/', method: 'GET', ...wrong } as never
    const bare = new Agent()
    const theirs = record()
    bare.dispatch(options, theirs.handler)
    await theirs.ended
    const ours = record()
    openAgent().agent.dispatch(options, ours.handler)
    expect(await ours.ended).toMatchObject({ code: 'INVALID_INPUT' })
    expect(ours.calls).toEqual(theirs.calls)
    expect(server.requests).toEqual([])
    await bare.close()
  })

  it('is started before its request is sent, and once for all attempts', async () => {
    await using server = await faultServer({ routes: { '*': cycle([answer(503), ok]) } })
    const { handler, calls, ended } = record()
    openAgent().agent.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler)
    await ended
    expect(calls.filter((name) => name === 'start')).toHaveLength(1)
    expect(calls[0]).toBe('start')
  })

  it('that aborts as it is started has sent nothing', async () => {
    await using server = await faultServer({ routes: { '*': ok } })
    const { agent } = openAgent()
    await (await agent.request({ origin: server.url, path: '/', method: 'GET' })).body.dump()
    const { handler, ended } = record((controller) => controller.abort(new Error('enough')))
    agent.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler)
    expect(await ended).toMatchObject({ message: 'enough' })
    expect(server.requests).toHaveLength(1)
  })

  it('that aborts without a reason gets UND_ERR_ABORTED', async () => {
    await using server = await faultServer({ routes: { '*': stall({ at: 'headers' }) } })
    const { handler, ended } = record((controller) =>
      setImmediate(() => controller.abort(undefined as never)),
    )
    openAgent().agent.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler)
    expect(await ended).toMatchObject({ code: 'UND_ERR_ABORTED' })
  })

  it('and the stream that it sends run in the context of their own request', async () => {
    await using server = await faultServer({ routes: { '*': ok } })
    const { agent } = openAgent()
    for (const caller of ['one', 'two']) {
      const { handler, contexts, ended } = record()
      const chunks = ['a', 'b', null]
      const body = new Readable({
        read() {
          contexts.add(callers.getStore())
          setImmediate(() => this.push(chunks.shift()))
        },
      })
      callers.run(caller, () =>
        agent.dispatch({ origin: server.url, path: '/', method: 'POST', body }, handler),
      )
      await ended
      expect([...contexts]).toEqual([caller])
    }
  })
})

it('bytes are sent again as they were when the request was made', async () => {
  await using server = await faultServer({
    routes: { '*': cycle([answer(503), ok]) },
    recordBodies: true,
  })
  const body = Buffer.from('first')
  const sent = openAgent().agent.request({ origin: server.url, path: '/', method: 'PUT', body })
  body.fill('x')
  await (await sent).body.dump()
  expect(server.requests.map((request) => String(request.body))).toEqual(['first', 'first'])
})
