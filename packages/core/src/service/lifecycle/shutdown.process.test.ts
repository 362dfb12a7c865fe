import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const prelude = `
  import { createServer } from 'node:http'
  import { createShutdown } from ${JSON.stringify(fileURLToPath(new URL('./index.ts', import.meta.url)))}
  const say = (fields, message) => console.log(message)
  const logger = { level: 'info', debug: say, info: say, warn: say, error: say, fatal: say, child: () => logger }
`

const listening = `
  const server = createServer((request, response) => setTimeout(() => response.end('ok'), Number(request.headers.wait ?? 1)))
  shutdown.track(server)
  shutdown.listenToProcess()
  server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))
`

/** A Node.js process of its own that runs `code`, and the lines that it has written. */
async function start(code: string, awaited = 'port') {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', prelude + code]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines: string[] = []
  const output = createInterface({ input: child.stdout })
  const seen = new Promise<string>((resolve) => {
    output.on('line', (line) => {
      lines.push(line)
      if (line.startsWith(awaited)) resolve(line)
    })
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const line = await Promise.race([seen, exited.then((code) => `exited with ${code}`)])
  return { child, lines, exited, port: Number(line.slice(awaited.length)) }
}

type Answer =
  | { readonly status: number; readonly connection: string | undefined }
  | { readonly error: string }

function ask(port: number, agent: Agent, headers = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const sent = get({ port, host: '127.0.0.1', agent, headers }, (response) => {
      const { connection } = response.headers
      response.resume().once('end', () => resolve({ status: response.statusCode ?? 0, connection }))
    })
    sent.once('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }))
  })
}

describe('a process', () => {
  it('answers all it accepted on SIGTERM under load, idle connections or not, and exits with 0', async () => {
    const { child, exited, port } = await start(`const shutdown = createShutdown({ logger })\n${listening}`)
    const idle = new Agent({ keepAlive: true })
    const busy = new Agent({ keepAlive: true, maxSockets: 20 })
    await Promise.all(Array.from({ length: 5 }, () => ask(port, idle)))
    const slow = ask(port, idle, { wait: '600' })
    const outcomes: Answer[] = []
    const clients = Array.from({ length: 20 }, async () => {
      for (;;) {
        const answer = await ask(port, busy)
        outcomes.push(answer)
        if ('error' in answer) return
      }
    })
    await sleep(300)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
    await Promise.all(clients)
    expect(await slow).toEqual({ status: 200, connection: 'close' })
    const errors = outcomes.flatMap((answer) => ('error' in answer ? [answer.error] : []))
    expect(new Set(errors)).toEqual(new Set(['ECONNREFUSED']))
    expect(outcomes.length).toBeGreaterThan(100)
    idle.destroy()
    busy.destroy()
  })

  it('keeps serving during the drain delay, and says Connection: close', async () => {
    const { child, exited, lines, port } = await start(
      `const shutdown = createShutdown({ logger, drainDelayMs: 500, onDraining: () => console.log('draining') })\n${listening}`,
    )
    const agent = new Agent({ keepAlive: true })
    expect(await ask(port, agent)).toEqual({ status: 200, connection: 'keep-alive' })
    child.kill('SIGTERM')
    await sleep(200)
    expect(lines).toContain('draining')
    expect(await ask(port, agent)).toEqual({ status: 200, connection: 'close' })
    expect(await exited).toBe(0)
    agent.destroy()
  })

  it('exits with 1 at once on a second SIGTERM', async () => {
    const { child, exited, lines, port } = await start(
      `const shutdown = createShutdown({ logger })\n${listening}`,
    )
    const agent = new Agent({ keepAlive: true })
    const answer = ask(port, agent, { wait: '10000' })
    await sleep(100)
    child.kill('SIGTERM')
    await vi.waitFor(() => expect(lines.join()).toContain('shutting down'), 5_000)
    // Within a second it would be the same one, sent to the whole process group.
    await sleep(1_200)
    child.kill('SIGTERM')
    expect(await exited).toBe(1)
    expect(await answer).toEqual({ error: 'ECONNRESET' })
    expect(lines.at(-1)).toContain('second signal')
    agent.destroy()
  })

  it('names the hook that hangs and exits with 1', async () => {
    const { child, exited, lines } = await start(`
      const shutdown = createShutdown({ logger, hooksMs: 400 })
      shutdown.onShutdown('database', () => console.log('database closed'))
      shutdown.onShutdown('broker', () => new Promise(() => {}))
      ${listening}`)
    child.kill('SIGTERM')
    expect(await exited).toBe(1)
    expect(lines).toContain('database closed')
    expect(lines).toContain("shutdown: 'broker' did not end in time")
  })

  it('stops hard', async () => {
    const { child, exited, lines } = await start(`
      const shutdown = createShutdown({ logger, inFlightMs: 100, hooksMs: 100, flushMs: 100, hardStopMs: 400 })
      shutdown.onDrain('registry', () => new Promise(() => {}))
      ${listening}`)
    child.kill('SIGTERM')
    expect(await exited).toBe(1)
    expect(lines.at(-1)).toBe('shutdown: hard stop')
  })

  it.each([
    ['uncaughtException', `setTimeout(() => { throw new Error('bug') }, 10)`],
    ['unhandledRejection', `setTimeout(() => Promise.reject(new Error('bug')), 10)`],
  ])('logs an %s, closes and exits with 1', async (origin, code) => {
    const { exited, lines } = await start(`
      const shutdown = createShutdown({ logger })
      shutdown.onShutdown('database', () => console.log('database closed'))
      ${listening}
      ${code}`)
    expect(await exited).toBe(1)
    expect(lines).toContain(`shutdown: ${origin}`)
    expect(lines).toContain('database closed')
  })

  it('runs a worker until SIGTERM', async () => {
    const { child, exited, lines } = await start(
      `
      import { setTimeout as sleep } from 'node:timers/promises'
      const shutdown = createShutdown({ logger })
      shutdown.onShutdown('queue', () => console.log('queue closed'))
      await shutdown.run(async ({ signal }) => {
        console.log('working')
        await sleep(60_000, undefined, { signal })
      })`,
      'working',
    )
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
    expect(lines).toContain('queue closed')
  })
})
