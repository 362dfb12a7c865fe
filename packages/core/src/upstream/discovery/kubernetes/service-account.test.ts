import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Secret } from '../../../foundation/config/index.js'
import { Execution } from '../../../policies/index.js'
import { type KubernetesAccess, ServiceAccount } from './service-account.js'

async function setUp(options: Partial<KubernetesAccess> = {}) {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'))
  const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const none = { token: undefined, ca: undefined, namespace: undefined }
  const account = new ServiceAccount({ origin, basePath: '', folder, ...none, ...options })
  onTestFinished(async () => {
    account.close()
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true })
  })
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  const ask = async (): Promise<void> => {
    const [client, headers] = await Promise.all([account.client(), account.headers()])
    await client.ask(
      { path: '/', headers, timeoutMs: 5_000 },
      Execution.start(() => undefined),
    )
  }
  return { account, ask, seen, write }
}

it('reads token and namespace again each time, because Kubernetes replaces the files', async () => {
  const { account, ask, seen, write } = await setUp()
  await write('namespace', 'shop\n')
  await write('token', 'first\n')
  await ask()
  await write('token', 'second\n')
  await ask()
  expect([await account.namespace(), seen]).toEqual(['shop', ['Bearer first', 'Bearer second']])
})

it('connects anew when there is another certificate to trust', async () => {
  const { account, write } = await setUp({ origin: 'https://127.0.0.1:1' })
  await expect(account.client()).rejects.toThrow('ca.crt')
  await write('ca.crt', 'one')
  const first = await account.client()
  expect(await account.client()).toBe(first)
  await write('ca.crt', 'two')
  expect(await account.client()).not.toBe(first)
})

it('needs no files where everything is given', async () => {
  const given = { token: new Secret('given'), namespace: 'shop', ca: 'pem' }
  const { account, ask, seen } = await setUp(given)
  await ask()
  expect([await account.namespace(), seen]).toEqual(['shop', ['Bearer given']])
})

it('connects no more once it is closed', async () => {
  const { account, ask, write } = await setUp()
  await write('token', 'any')
  account.close()
  await expect(ask()).rejects.toMatchObject({ code: 'CLOSED' })
})
