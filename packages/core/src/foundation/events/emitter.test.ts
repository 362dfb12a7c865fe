import { beforeEach, describe, expect, it, vi } from 'vitest'
import { foreignPromise } from '../../../test/fixtures/foreign-promise.js'
import { Emitter } from './emitter.js'

interface Events {
  tick: number
  tock: string
}

let warned = vi.fn()
beforeEach(() => {
  warned = vi.fn()
  vi.spyOn(process, 'emitWarning').mockImplementation(warned)
})

describe('Emitter', () => {
  it('tells every listener of an event, in the order they came', () => {
    const emitter = new Emitter<Events>()
    const heard: string[] = []
    emitter.on('tick', (n) => heard.push(`a${n}`))
    emitter.on('tick', (n) => heard.push(`b${n}`))
    emitter.on('tock', () => heard.push('wrong'))
    emitter.emit('tick', 1)
    expect(heard).toEqual(['a1', 'b1'])
  })

  it('knows whether anybody listens', () => {
    const emitter = new Emitter<Events>()
    expect(emitter.has('tick')).toBe(false)
    const off = emitter.on('tick', () => {})
    expect([emitter.has('tick'), emitter.has('tock')]).toEqual([true, false])
    off()
    off()
    expect(emitter.has('tick')).toBe(false)
  })

  it('takes off one subscription at a time, also of the same function', () => {
    const emitter = new Emitter<Events>()
    const listener = vi.fn()
    const off = emitter.on('tick', listener)
    emitter.on('tick', listener)
    off()
    off()
    emitter.emit('tick', 1)
    expect(listener).toHaveBeenCalledOnce()
  })

  it('lets a listener unsubscribe while it is told', () => {
    const emitter = new Emitter<Events>()
    const second = vi.fn()
    const off = emitter.on('tick', () => off())
    emitter.on('tick', second)
    emitter.emit('tick', 1)
    emitter.emit('tick', 2)
    expect(second).toHaveBeenCalledTimes(2)
  })

  it.each([
    new Error('boom'),
    'boom',
    undefined,
    Object.create(null),
    {
      toString: () => {
        throw new Error('no text')
      },
    },
  ])('goes on when a listener throws %o, and warns once', (thrown) => {
    const emitter = new Emitter<Events>()
    const after = vi.fn()
    emitter.on('tick', () => {
      throw thrown
    })
    emitter.on('tick', after)
    emitter.emit('tick', 1)
    emitter.emit('tick', 2)
    expect(after).toHaveBeenCalledTimes(2)
    expect(warned).toHaveBeenCalledOnce()
    expect(warned.mock.calls[0]?.[0]).toMatch(/^a listener of 'tick' threw: /)
  })

  it('takes the rejection of a promise of another maker', async () => {
    const emitter = new Emitter<Events>()
    emitter.on('tick', (): unknown => foreignPromise(Promise.reject(new Error('foreign'))))
    emitter.emit('tick', 1)
    await vi.waitFor(() => expect(warned).toHaveBeenCalledOnce())
  })

  it('takes the rejection of an async listener', async () => {
    const emitter = new Emitter<Events>()
    emitter.on('tick', async () => {
      throw new Error('later')
    })
    emitter.emit('tick', 1)
    await vi.waitFor(() => expect(warned).toHaveBeenCalledOnce())
  })
})
