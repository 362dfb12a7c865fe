import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { jsonLines } from './json-lines.js'

const read = async (chunks: readonly Buffer[]): Promise<unknown[]> => {
  const values: unknown[] = []
  for await (const value of jsonLines(Readable.from(chunks))) values.push(value)
  return values
}

it('reads what was written, wherever the stream is cut', async () => {
  const values = fc.array(fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(values, fc.array(fc.nat(40), { maxLength: 30 }), async (written, sizes) => {
      const all = Buffer.from(written.map((value) => `${JSON.stringify(value)}\n`).join(''))
      const chunks: Buffer[] = []
      let at = 0
      for (const size of sizes) {
        chunks.push(all.subarray(at, at + size))
        at += size
      }
      chunks.push(all.subarray(at))
      expect(await read(chunks.filter(({ length }) => length > 0))).toEqual(
        written.map((value) => JSON.parse(JSON.stringify(value)) as unknown),
      )
    }),
  )
})

it('leaves out half a line at the end, and lines with nothing on them', async () => {
  expect(await read([Buffer.from('1\n\n \n{"a":'), Buffer.from('2}\n{"b"')])).toEqual([1, { a: 2 }])
})

it('fails for what is no JSON, and for a line without an end', async () => {
  await expect(read([Buffer.from('nonsense\n')])).rejects.toThrow(SyntaxError)
  await expect(read([Buffer.alloc(9 * 1024 * 1024, 'a')])).rejects.toThrow('longer than')
})
