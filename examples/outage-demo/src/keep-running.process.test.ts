import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const entry = fileURLToPath(new URL('main.ts', import.meta.url))

/** Starts the demo in a process group of its own, as a terminal does. */
function startDemo(...args: readonly string[]) {
  const flags = ['--conditions=holdfast-source', '--import', 'tsx']
  const child = spawn(process.execPath, [...flags, entry, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const group = -Number(child.pid)
  onTestFinished(() => {
    if (isAlive(group)) process.kill(group, 'SIGKILL')
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return { child, group, output: () => output }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('keeps the services until Ctrl-C, which ends every process', async () => {
  const { child, group, output } = startDemo('--phase', '0.3', '--keep')
  const exited = once(child, 'exit')
  await expect.poll(output, { timeout: 40_000 }).toContain('Ctrl-C ends them')
  for (const name of ['gateway', 'orders', 'payments']) {
    const url = new RegExp(`${name} +(http://\\S+)/health`).exec(output())?.[1]
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('http_request_duration_seconds_count{')
  }
  process.kill(group, 'SIGINT')
  expect(await exited).toEqual([0, null])
  expect(isAlive(group)).toBe(false)
}, 60_000)
