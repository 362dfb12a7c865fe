import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

/** Where the packages are found by their names. */
const cwd = fileURLToPath(new URL('.', import.meta.url))
const flags = ['--conditions=holdfast-source', '--import', 'tsx', '--input-type=module', '--eval']
const prelude = `
  import { createServer } from 'node:http'
  import { createService } from '@holdfast/core'
`

/** Runs a program to its end, with a SIGTERM once it has written `signalAt`. */
async function run(code: string, signalAt?: string) {
  const child = spawn(process.execPath, [...flags, prelude + code], { cwd, stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (signalAt !== undefined) {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes(signalAt)) child.kill('SIGTERM')
    })
  }
  const [output, errors, [exit]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { output, errors, exit: exit as number | null }
}

describe('a process whose service starts', () => {
  it('runs the hooks on a signal that comes before it listens, and does not go on to serve', async () => {
    const { output, exit } = await run(
      `
      const service = createService({ name: 'early' })
      service.onShutdown('lock', async () => console.log('lock released'))
      console.log('migrating')
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      await service.listen((_, response) => response.end(), { port: 0, host: '127.0.0.1' })
      console.log('serves')
    `,
      'migrating',
    )
    expect(output).toContain('lock released')
    expect(output).not.toContain('serves')
    expect(exit).toBe(0)
  })

  it('exits with 1 and says why when its port is taken and nobody awaits that', async () => {
    const { output, errors, exit } = await run(`
      const other = createServer().listen(0, '127.0.0.1', () => {
        const service = createService({ name: 'second', management: { port: 0, host: '127.0.0.1' } })
        service.listen((_, response) => response.end(), { port: other.address().port, host: '127.0.0.1' })
        other.unref()
      })
    `)
    expect(output + errors).toContain('EADDRINUSE')
    expect(exit).toBe(1)
  })
})
