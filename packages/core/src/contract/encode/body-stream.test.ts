import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { ReadableStream } from 'node:stream/web'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { foreignPromise } from '../../../test/fixtures/foreign-promise.js'
import { type StreamedBody, streamedBody } from './body-stream.js'

function streamed(value: unknown): StreamedBody {
  const body = streamedBody(value)
  if (typeof body === 'string') throw new Error(body)
  return body
}

async function* generate(): AsyncGenerator<string> {
  yield 'a'
  yield 'b'
}

const web = (): ReadableStream => ReadableStream.from([Buffer.from('a'), Buffer.from('b')])

describe('a body stream', () => {
  it('of bytes keeps them as they were, whatever their owner does with them', async () => {
    const bytes = Buffer.from('ab')
    const { source } = streamed(bytes)
    bytes.fill('x')
    expect(String(await buffer(source()))).toBe('ab')
  })

  it.each([null, undefined])('fails at a chunk that is %s', async (chunk) => {
    const generated = async function* () {
      yield* ['a', chunk, 'b']
    }
    const iterable = generated()
    const web = ReadableStream.from(generated())
    for (const value of [iterable, web])
      await expect(buffer(streamed(value).source())).rejects.toThrow('chunk')
  })

  it.each([
    ['a Readable', () => Readable.from(['a', 'b']), false],
    ['a web stream', web, false],
    ['an async iterable', generate, false],
    ['text', () => 'ab', true],
    ['bytes', () => Buffer.from('ab'), true],
    ['a Blob', () => new Blob(['a', 'b']), true],
    ['a function', () => generate, true],
    ['a function that makes a web stream', () => web, true],
    ['a function that makes bytes', () => () => new Uint8Array([97, 98]), true],
    ['a function that makes a Blob', () => () => new Blob(['ab']), true],
    [
      'a function that makes a promise of another maker',
      () => () => foreignPromise(Promise.resolve(Readable.from(['ab']))),
      true,
    ],
    ['a function that makes a promise', () => async () => Readable.from(['ab']), true],
  ])('is made of %s', async (_name, make, replayable) => {
    const body = streamed(make())
    expect(body.replayable).toBe(replayable)
    expect((await buffer(body.source())).toString()).toBe('ab')
    if (replayable) expect((await buffer(body.source())).toString()).toBe('ab')
    else expect(() => body.source()).toThrow('can be sent once')
  })

  it('knows its length and type where the value does', () => {
    expect(streamed(new Blob(['abc'], { type: 'text/css' }))).toMatchObject({
      length: 3,
      contentType: 'text/css',
    })
    expect(streamed('é')).toMatchObject({ length: 2, contentType: undefined })
    expect(streamed(Readable.from([]))).toMatchObject({ length: undefined })
  })

  it.each([7, {}, null, undefined, [1]])('is not made of %j', (value) => {
    expect(streamedBody(value)).toContain('must be a Readable')
  })

  it('is not made of what somebody else has read or is reading', async () => {
    const ended = Readable.from(['a'])
    await buffer(ended)
    expect(streamedBody(ended)).toContain('already')
    const locked = web()
    locked.getReader()
    expect(streamedBody(locked)).toContain('somebody else')
  })

  it('fails as its source does', async () => {
    const failing = streamed(() => 7)
    expect(() => failing.source()).toThrow('must be a Readable')
    const rejecting = streamed(() => Promise.reject(new Error('gone')))
    await expect(buffer(rejecting.source())).rejects.toThrow('gone')
  })

  it('may fail before anybody reads of it', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const readable = streamed(() => Promise.reject(new Error('gone'))).source()
    await setImmediate()
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    await expect(buffer(readable)).rejects.toThrow('gone')
  })

  it('lets go of a promised stream that comes when nobody wants it any more', async () => {
    const late = Readable.from(['a'])
    streamed(async () => late)
      .source()
      .destroy()
    await setImmediate()
    expect(late.destroyed).toBe(true)
  })

  it('lets go of its source when it is destroyed', async () => {
    let closed = false
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield 'x'
      } finally {
        closed = true
      }
    }
    const readable = streamed(endless()).source()
    await readable[Symbol.asyncIterator]().next()
    readable.destroy()
    await new Promise((resolve) => readable.once('close', resolve))
    expect(closed).toBe(true)
  })
})
