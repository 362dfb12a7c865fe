import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { fetchFrom, listen, openTransport } from '../../../test/fixtures/servers.js'

const callers = new AsyncLocalStorage<string>()

/** A server that answers in pieces what it was sent, over connections that last. */
async function echo(): Promise<string> {
  const server = createServer((request, response) => {
    response.write('begins ')
    request.resume().once('end', () => setImmediate(() => response.end('ends')))
  })
  const port = await listen(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${port}`
}

test('the listeners of a streamed body are called in the context of the call that asked for it', async () => {
  const origin = await echo()
  const transport = openTransport({ connections: 1 })
  for (const caller of ['one', 'two']) {
    const seen = new Set<unknown>()
    const note = () => seen.add(callers.getStore())
    const stream = await callers.run(caller, async () => {
      const { body } = await fetchFrom(transport, origin, { mode: 'stream' })
      return body as Readable
    })
    for (const event of ['data', 'end', 'close']) stream.on(event, note)
    await once(stream, 'close')
    expect([...seen]).toEqual([caller])
  }
})

test.each(['readable', 'iterable'])('a %s body is read in the context of its own call', async (kind) => {
  const origin = await echo()
  const transport = openTransport({ connections: 1 })
  for (const caller of ['one', 'two']) {
    const seen = new Set<unknown>()
    const chunks = ['a', 'b', 'c', null]
    const next = () => {
      seen.add(callers.getStore())
      return chunks.shift() ?? null
    }
    const iterate = function* () {
      for (let chunk = next(); chunk !== null; chunk = next()) yield chunk
    }
    const source = () =>
      kind === 'iterable'
        ? Readable.from(iterate())
        : new Readable({
            read() {
              setImmediate(() => this.push(next()))
            },
          })
    await callers.run(caller, () => fetchFrom(transport, origin, { method: 'POST', body: source }))
    expect(chunks).toEqual([])
    expect([...seen]).toEqual([caller])
  }
})

test('a body that closes before its end fails the call, and one that is not wanted is destroyed', async () => {
  const transport = openTransport()
  const origin = await echo()
  const broken = new Readable({ read() {} })
  const sent = fetchFrom(transport, origin, { method: 'POST', body: () => broken })
  setImmediate(() => broken.destroy())
  await expect(sent).rejects.toMatchObject({ code: 'ABORTED', phase: 'sending' })
})
