import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

/** Where the packages are found by their names. */
const cwd = fileURLToPath(new URL('.', import.meta.url))

/**
 * A service that makes things in its first request and uses them in all. Says whether the context of the first one is
 * kept while the service goes on and is asked for more, and which ids the downstream has seen in the last.
 */
const code = `
  import { once } from 'node:events'
  import { createServer } from 'node:http'
  import { createClient, createFetch, createService, currentContext, defineContract } from '@holdfast/core'

  const seen = []
  const downstream = createServer((request, response) => {
    seen.push(request.headers['x-correlation-id'])
    // A connection that lasts belongs to whoever opened it, as long as it lasts.
    response.setHeader('connection', 'close')
    setTimeout(() => response.end('ok'), 5)
  }).listen(0, '127.0.0.1')
  await once(downstream, 'listening')
  const baseUrl = 'http://127.0.0.1:' + downstream.address().port
  const contract = defineContract('downstream', { ask: { method: 'GET', path: '/ask', response: 'text' } })
  const short = { timeoutMs: 1_500, attemptTimeoutMs: 1_000 }
  const service = createService({ name: 'shop', logLevel: 'fatal', signals: false })

  let first
  let made
  const makeAll = () => ({
    client: createClient(contract, { baseUrl, ...short }),
    ofService: service.createClient(contract, { baseUrl, ...short }),
    queueing: createClient(contract, { baseUrl, ...short, bulkhead: { maxConcurrent: 1 } }),
    fetch: createFetch(short),
    check: service.health.add('well', () => true),
  })
  const useAll = ({ client, ofService, queueing, fetch }) =>
    Promise.allSettled([client.ask(), ofService.ask(), queueing.ask(), fetch(baseUrl), service.health.ready()])
  const { url } = await service.listen(async (request, response) => {
    first ??= new WeakRef(currentContext())
    made ??= makeAll()
    await useAll(made)
    response.end('ok')
  }, { port: 0, host: '127.0.0.1' })
  const ask = async (id) => (await fetch(url, { headers: { 'x-correlation-id': id } })).text()

  await ask('first-request')
  // Each timeout is awaited by somebody at all times: what is armed again and again must not go on for the first.
  const endsAt = performance.now() + 10_000
  const caller = async () => {
    while (performance.now() < endsAt && first.deref() !== undefined) await ask('later-request')
  }
  const collecting = setInterval(globalThis.gc, 100)
  await Promise.all([caller(), caller(), caller()])
  clearInterval(collecting)
  const before = seen.length
  await ask('last-request')
  const ids = [...new Set(seen.slice(before).filter((id) => id !== undefined))]
  console.log(JSON.stringify({ isKept: first.deref() !== undefined, ids }))
  process.exit(0)
`

describe('clients and checks made in the first request and used in all', () => {
  it('keep its context no longer than it lasts, and speak for the request that uses them', async () => {
    const flags = ['--expose-gc', '--conditions=holdfast-source', '--import', 'tsx', '--input-type=module']
    const args = [...flags, '--eval', code]
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
    expect(JSON.parse(output)).toEqual({ isKept: false, ids: ['last-request'] })
  }, 30_000)
})
