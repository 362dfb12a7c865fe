import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** What a run printed about one of its parts. */
interface Part {
  readonly how: string
  readonly pages: number
  readonly known: number
  readonly requests: number
}

const line = /^(?<how>.+): (?<pages>\d+) pages, (?<known>\d+) with the status, by (?<requests>\d+) requests/

function partOf(printed: string): Part {
  const { how = printed, pages, known, requests } = line.exec(printed)?.groups ?? {}
  return { how, pages: Number(pages), known: Number(known), requests: Number(requests) }
}

it('shows what retries, the breaker and the fallback do for customers', async () => {
  const flags = ['--conditions=holdfast-source', '--import', 'tsx']
  const child = spawn(process.execPath, [...flags, `${folder}main.ts`], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await once(child, 'close')
  const [printed, complaints] = await output
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' })

  const [well, hiccup, outage, back, ...rest] = printed.trimEnd().split('\n').map(partOf)
  expect(rest).toEqual([])
  expect(well).toEqual({ how: 'orders is well', pages: 20, known: 20, requests: 20 })
  // The retries of twelve requests that failed.
  expect(hiccup).toEqual({ how: 'one request in five fails', pages: 50, known: 50, requests: 62 })
  expect(outage).toMatchObject({ how: 'every request fails', pages: 130, known: 0 })
  // Three attempts a page would be 390. The budget pays for a few, and then the breaker opens.
  expect(outage?.requests).toBeLessThan(130)
  expect(back).toEqual({ how: 'orders is back', pages: 20, known: 20, requests: 20 })
}, 60_000)

it.each(['orders.ts', 'shop.ts', 'main.ts'])('stands in the README as it is: %s', async (file) => {
  const [code, readme] = await Promise.all(
    [new URL(file, import.meta.url), new URL('../../README.md', import.meta.url)].map((url) =>
      readFile(url, 'utf8'),
    ),
  )
  expect(readme).toContain(`<!-- file: ${file} -->\n\`\`\`ts\n${code}\`\`\`\n`)
})
