import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackgroundOutput } from './background-output.js'

describe('BackgroundOutput', () => {
  let folder: string
  let file: string
  let descriptor: number
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'))
    file = join(folder, 'log')
    descriptor = openSync(file, 'a')
  })
  afterEach(() => {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  })
  const flushed = (output: BackgroundOutput) =>
    new Promise<Error | undefined>((resolve) => output.flush((error) => resolve(error)))

  it('writes every line in order, however many there are', async () => {
    const output = new BackgroundOutput(descriptor)
    for (let line = 0; line < 50_000; line++) {
      output.write(`line ${line} ä\n`)
      if (line % 5_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await flushed(output)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(50_000)
    expect(lines.every((line, index) => line === `line ${index} ä`)).toBe(true)
  })

  it('writes by itself a little later', async () => {
    const output = new BackgroundOutput(descriptor)
    output.write('a\n')
    expect(readFileSync(file, 'utf8')).toBe('')
    await expect.poll(() => readFileSync(file, 'utf8')).toBe('a\n')
    expect(await flushed(output)).toBeUndefined()
  })

  it('writes what is left at once when it must', () => {
    const output = new BackgroundOutput(descriptor)
    output.write('a\n')
    output.flushSync()
    expect(readFileSync(file, 'utf8')).toBe('a\n')
  })

  it('goes on after a disk was full, and tells whoever waits', async () => {
    const full = openSync('/dev/full', 'w')
    const output = new BackgroundOutput(full)
    for (let round = 0; round < 2; round++) {
      output.write('a\n')
      expect(await flushed(output)).toMatchObject({ code: 'ENOSPC' })
    }
    closeSync(full)
  })

  it('writes at the exit what a full pipe had no room for', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    const output = new BackgroundOutput(pipe)
    const line = `${'x'.repeat(1_023)}\n`
    for (let index = 0; index < 300; index++) output.write(line)
    output.flush()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const reader = spawn('head', ['-c', String(300 * 1_024), path], {
      stdio: ['ignore', descriptor, 'ignore'],
    })
    output.flushSync()
    await once(reader, 'exit')
    expect(readFileSync(file).length).toBe(300 * 1_024)
    closeSync(pipe)
  })

  it('drops lines rather than memory while nobody reads', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    const pipe = openSync(path, 'r+')
    const output = new BackgroundOutput(pipe)
    const line = `${'x'.repeat(1_023)}\n`
    for (let index = 0; index < 20_000; index++) output.write(line)
    const reader = createReadStream(path, { encoding: 'utf8' })
    const reading = text(reader)
    await flushed(output)
    closeSync(pipe)
    const read = await reading
    expect(read.length).toBeLessThan(9 * 1024 * 1024)
    const last = JSON.parse(read.trimEnd().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({ level: 'warn', msg: 'log lines dropped' })
    expect(read.split('\n').length - 2 + last.dropped).toBe(20_000)
  })

  it('gives up when it cannot write', async () => {
    const readOnly = openSync(file, 'r')
    const output = new BackgroundOutput(readOnly)
    output.write('a\n')
    output.flushSync()
    output.write('b\n')
    expect(await flushed(output)).toBeUndefined()
    const other = new BackgroundOutput(readOnly)
    other.write('a\n')
    expect(await flushed(other)).toMatchObject({ code: 'EBADF' })
    other.write('b\n')
    expect(await flushed(other)).toBeUndefined()
    closeSync(readOnly)
  })

  it.each([
    ['ends', ''],
    ['calls process.exit()', 'process.exit(0)'],
    ['crashes', "throw new Error('crash')"],
  ])('loses nothing when the process %s', async (_, end) => {
    const source = fileURLToPath(new URL('./background-output.ts', import.meta.url))
    const code = `import { standardOutput } from ${JSON.stringify(source)}
      for (let line = 0; line < 20_000; line++) standardOutput().write('line ' + line + '\\n')
      ${end}`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let text = ''
    for await (const chunk of child.stdout) text += chunk
    const lines = text.trimEnd().split('\n')
    expect(new Set(lines).size).toBe(20_000)
  })
})
