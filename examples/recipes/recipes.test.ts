import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const folder = fileURLToPath(new URL('src/', import.meta.url))
const recipes = readdirSync(folder).filter((file) => file.endsWith('.ts'))

it.each(recipes)(
  '%s does what it says',
  async (file) => {
    const flags = ['--conditions=holdfast-source', '--import', 'tsx']
    const child = spawn(process.execPath, [...flags, folder + file], { stdio: ['ignore', 'pipe', 'pipe'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    const [code] = await once(child, 'close')
    expect(code, (await output).join('\n')).toBe(0)
  },
  30_000,
)
