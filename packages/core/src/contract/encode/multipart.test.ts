import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../foundation/errors/index.js'
import { encodeBody } from './encode-body.js'
import type { EncodedBody } from './encoded-body.js'
import { encodeMultipart } from './multipart.js'

function encode(fields: Record<string, unknown>): EncodedBody {
  const problems: Problem[] = []
  const encoded = encodeMultipart(Object.entries(fields), problems)
  expect(problems).toEqual([])
  return encoded
}

async function bytes({ body }: EncodedBody): Promise<Buffer> {
  return typeof body === 'function' ? buffer(body()) : Buffer.from(body as Uint8Array)
}

async function parse(encoded: EncodedBody): Promise<FormData> {
  return new Response(await bytes(encoded), { headers: { 'content-type': encoded.contentType } }).formData()
}

describe('a multipart body', () => {
  it('holds fields, files and lists', async () => {
    const encoded = encode({
      text: 'hé',
      list: ['a', 2, true],
      none: undefined,
      nothing: null,
      bytes: Buffer.from([0, 255]),
      file: new File(['abc'], 'a.txt', { type: 'text/css' }),
      blob: new Blob(['xyz']),
    })
    const form = await parse(encoded)
    expect([...form.keys()]).toEqual(['text', 'list', 'list', 'list', 'bytes', 'file', 'blob'])
    expect(form.get('text')).toBe('hé')
    expect(form.getAll('list')).toEqual(['a', '2', 'true'])
    expect(form.get('bytes')).toMatchObject({ name: 'blob', size: 2, type: 'application/octet-stream' })
    expect(form.get('file')).toMatchObject({ name: 'a.txt', type: 'text/css' })
    expect(await (form.get('blob') as File).text()).toBe('xyz')
    expect(encoded).toMatchObject({ replayable: true, length: (await bytes(encoded)).byteLength })
  })

  it('is one buffer where there are only text and bytes', () => {
    const encoded = encode({ a: 'x', b: new Uint8Array(3) })
    expect(encoded.body).toBeInstanceOf(Uint8Array)
    expect(encoded.replayable).toBe(true)
  })

  it('streams its streams, and can be sent again if they can', async () => {
    const once = encode({ data: Readable.from(['a', 'b']) })
    expect(once).toMatchObject({ replayable: false, length: undefined })
    expect(await ((await parse(once)).get('data') as File).text()).toBe('ab')
    const again = encode({
      data: () => Readable.from(['a', 'b']),
      blob: new Blob(['c']),
      bytes: Buffer.alloc(0),
    })
    expect(again.replayable).toBe(true)
    expect(await bytes(again)).toEqual(await bytes(again))
  })

  it('is empty where there is nothing to send', async () => {
    expect(String(await bytes(encode({})))).toMatch(/^--holdfast-[\da-f-]{36}--\r\n$/)
  })

  it('refuses what has no form', () => {
    const problems: Problem[] = []
    encodeMultipart(Object.entries({ a: {}, b: ['x', { y: 1 }, null], c: Number.NaN }), problems)
    expect(problems.map(({ path }) => path)).toEqual(['a', 'b.1', 'b.2', 'c'])
  })

  it('keeps names, file names and types from adding headers or parts', async () => {
    const evil = 'a"; filename="x"\r\ncontent-type: text/html\r\n\r\n<b>'
    const file = new File(['x'], evil)
    Object.defineProperty(file, 'type', { value: 'text/html\r\nx-evil: 1' })
    const encoded = encode({ [evil]: 'v', file })
    const raw = String(await bytes(encoded))
    expect(raw).not.toMatch(/^x-evil|^content-type: text\/html/m)
    const form = await parse(encoded)
    expect([...form.keys()]).toEqual([evil, 'file'])
    expect(form.get('file')).toMatchObject({ name: evil, type: 'application/octet-stream' })
  })

  it('is read back as it was', async () => {
    const name = fc.string({
      unit: fc.oneof(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
        fc.constantFrom('"', '\r', '\n', ';', '=', '-', '\\'),
      ),
    })
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('\r\n--', '--holdfast-', '\r\n\r\n'),
    )
    const fields = fc.dictionary(
      name.filter((text) => !/%(?:22|0[AD])/i.test(text)),
      fc.oneof(value, fc.uint8Array()),
      { maxKeys: 5 },
    )
    await fc.assert(
      fc.asyncProperty(fields, async (given) => {
        const form = await parse(encode(given))
        expect([...form.keys()]).toEqual(Object.keys(given))
        for (const [key, sent] of Object.entries(given)) {
          const received = form.get(key)
          if (typeof sent === 'string') expect(received).toBe(sent)
          else expect(new Uint8Array(await (received as File).arrayBuffer())).toEqual(new Uint8Array(sent))
        }
      }),
    )
  })
})

it('keeps the order of the parts, also of names that are numbers', () => {
  const form = new FormData()
  form.append('operations', '{}')
  form.append('map', '{}')
  form.append('0', '1')
  const pairs = [...form]
  for (const value of [form, pairs, new Map(pairs)]) {
    const { body } = encodeBody('multipart', value, '', [])
    expect([...String(body).matchAll(/name="([^"]*)"/g)].map(([, name]) => name)).toEqual([
      'operations',
      'map',
      '0',
    ])
  }
  const query: [string, string][] = [
    ['b', '1'],
    ['0', '2'],
    ['b', '3'],
  ]
  for (const value of [query, new URLSearchParams(query)]) {
    expect(encodeBody('form', value, '', []).body).toBe('b=1&0=2&b=3')
  }
})

it('reports what is neither an object nor a list of pairs', () => {
  const problems: Problem[] = []
  encodeBody('multipart', ['a', ['b', 1, 2]], 'form', problems)
  expect(problems).toEqual([{ path: 'form', message: expect.stringContaining('a list of pairs') }])
})
