import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'
import { consulRegistry, kubernetesApi } from '../../testing.js'

/** Where the packages are found by their names. */
const cwd = fileURLToPath(new URL('.', import.meta.url))

/** A process of its own, which runs `code` and then ends by itself; `release` ends what its standard input holds. */
function start(code: string) {
  const flags = ['--conditions=holdfast-source', '--import', 'tsx', '--input-type=module', '--eval', code]
  const child = spawn(process.execPath, flags, { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = Promise.all([text(child.stdout), once(child, 'exit')])
  const result = ended.then(([output, [exitCode]]) => ({
    output: output.trim(),
    exitCode: exitCode as unknown,
  }))
  return { result, release: () => child.stdin.end() }
}

it('a process waits for the first endpoints, and ends while it waits for news', async () => {
  await using consul = await consulRegistry()
  await using api = await kubernetesApi()
  consul.register({ Name: 'orders', ID: 'orders-1', Address: '10.0.0.1', Port: 3000 })
  api.applySlice('orders', { ports: 3000, endpoints: ['10.0.0.2'] })
  const { result } = start(`
    import { consulEndpoints, kubernetesEndpoints, registerWithConsul } from '@holdfast/core'
    const first = (resolver) => new Promise((update, error) => resolver.watch({ update, error }))
    const consul = { address: '${consul.url}' }
    const kubernetes = { address: '${api.url}', namespace: 'default', token: 'any' }
    console.log((await first(consulEndpoints({ service: 'orders', ...consul })))[0].url)
    console.log((await first(kubernetesEndpoints({ service: 'orders', ...kubernetes })))[0].url)
    const registration = registerWithConsul({ name: 'job', onDrain() {} }, { port: 1, ...consul })
    await registration.ready
    console.log(registration.state)
  `)
  const output = ['http://10.0.0.1:3000', 'http://10.0.0.2:3000', 'registered'].join('\n')
  expect(await result).toEqual({ output, exitCode: 0 })
}, 30_000)

it('a process ends however often it has waited for news', async () => {
  await using consul = await consulRegistry()
  await using api = await kubernetesApi()
  const { release, result } = start(`
    import { consulEndpoints, kubernetesEndpoints } from '@holdfast/core'
    const listener = { update: (list) => console.log(list.length), error: console.log }
    consulEndpoints({ service: 'orders', address: '${consul.url}' }).watch(listener)
    kubernetesEndpoints({ service: 'orders', address: '${api.url}', namespace: 'default', token: 'any' }).watch(listener)
    process.stdin.resume()
  `)
  const hasWaited = (times: number): Promise<void> =>
    vi.waitFor(() => {
      const waits = [consul.requests.map(({ path }) => path), [...api.requests]].map((paths) => {
        return paths.filter((path) => /[?&](index|watch)=/.test(path)).length
      })
      expect(waits).toEqual([times, times])
      expect(api.watches).toBe(1)
    }, 20_000)
  await hasWaited(1)
  consul.register({ Name: 'orders', ID: 'orders-1', Address: '10.0.0.1', Port: 3000 })
  api.applySlice('orders', { ports: 3000, endpoints: ['10.0.0.2'] })
  api.endWatches()
  await hasWaited(2)
  release()
  expect(await result).toMatchObject({ exitCode: 0 })
}, 30_000)
