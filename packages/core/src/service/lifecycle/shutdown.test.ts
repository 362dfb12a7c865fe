import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Logger } from '../../telemetry/context/index.js'
import { createShutdown } from './shutdown.js'
import type { ShutdownOptions } from './shutdown-types.js'

interface Line {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

/** A shutdown whose process is not this one. */
function setUp(options: ShutdownOptions = {}) {
  const process = new EventEmitter()
  const exit = vi.fn()
  const lines: Line[] = []
  const write = (level: string) => (fields: object | string, message?: string) =>
    void lines.push({ level, message: message ?? '', ...(fields as object) })
  const logger: Logger = {
    level: 'info',
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    child: () => logger,
  }
  const shutdown = createShutdown({ logger, process, exit, ...options })
  return { shutdown, process, exit, lines, messages: () => lines.map(({ message }) => message) }
}

const never = new Promise<never>(() => {})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('shutdown()', () => {
  it('runs hooks in reverse order, then flushes, and leaves the process alone', async () => {
    const order: string[] = []
    const { exit, messages, shutdown } = setUp({ onDraining: () => order.push('draining') })
    shutdown.onShutdown('a', () => order.push('a'))
    shutdown.onShutdown('b', async () => order.push('b'))
    shutdown.onShutdown('gone', () => order.push('gone'))()
    shutdown.onFlush('logs', () => order.push('logs'))
    const done = shutdown.shutdown()
    expect(shutdown.shutdown()).toBe(done)
    expect(await done).toEqual({ clean: true, durationMs: 0 })
    expect(order).toEqual(['draining', 'b', 'a', 'logs'])
    expect(shutdown.state).toBe('stopped')
    expect(exit).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
    expect(messages()).toEqual([
      'shutting down: by hand',
      'shutdown: drain done',
      'shutdown: in-flight done',
      "shutdown: 'b' closed",
      "shutdown: 'a' closed",
      'shutdown: hooks done',
      "shutdown: 'logs' closed",
      'shutdown: flush done',
      'shutdown: done',
    ])
    expect(() => shutdown.onShutdown('late', () => {})).toThrow('shut down')
  })

  it('tells who wants to know of the drain first, while it serves on', async () => {
    const order: string[] = []
    const { shutdown } = setUp({ drainDelayMs: 5_000, onDraining: () => order.push('not ready') })
    shutdown.track(createServer())
    shutdown.signal.addEventListener('abort', () => order.push('drained'))
    shutdown.onDrain('registry', async () => order.push('out of the registry'))
    shutdown.onDrain('gone', () => order.push('gone'))()
    const done = shutdown.shutdown()
    expect(() => shutdown.onDrain('late', () => {})).toThrow('the service is shutting down')
    await vi.advanceTimersByTimeAsync(4_999)
    expect(order).toEqual(['not ready', 'out of the registry'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(order).toEqual(['not ready', 'out of the registry', 'drained'])
    expect((await done).clean).toBe(true)
  })

  it('waits a second for those who are told of the drain, and names the one that hangs', async () => {
    const { lines, shutdown } = setUp()
    const told = vi.fn()
    shutdown.onDrain('stuck', () => never)
    shutdown.onDrain('broken', () => {
      throw new Error('boom')
    })
    shutdown.onDrain('well', told)
    const done = shutdown.shutdown()
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(999)
    expect(shutdown.state).toBe('draining')
    await vi.advanceTimersByTimeAsync(1)
    expect((await done).clean).toBe(false)
    const of = (hook: string) => lines.find((line) => line.hook === hook)?.message
    expect([of('stuck'), of('broken')]).toEqual([
      "shutdown: 'stuck' did not end in time",
      "shutdown: 'broken' failed",
    ])
  })

  it('names a hook that hangs, and gives the others their time', async () => {
    const { lines, shutdown } = setUp({ hooksMs: 4_000 })
    let signal: AbortSignal | undefined
    const closed = vi.fn()
    shutdown.onShutdown('first', closed)
    shutdown.onShutdown('stuck', (context) => {
      signal = context.signal
      return never
    })
    const done = shutdown.shutdown()
    await vi.advanceTimersByTimeAsync(1_999)
    expect(closed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(closed).toHaveBeenCalled()
    expect(signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await done).toEqual({ clean: false, durationMs: 4_000 })
    expect(signal?.aborted).toBe(true)
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', hook: 'stuck', phase: 'hooks', duration_ms: 4_000 }),
    )
  })

  it('goes on after a hook that fails, and is not clean', async () => {
    const { lines, shutdown } = setUp()
    const error = new Error('lost')
    const closed = vi.fn()
    shutdown.onShutdown('a', closed)
    shutdown.onShutdown('b', () => {
      throw error
    })
    shutdown.onShutdown('c', () => Promise.reject(error))
    expect((await shutdown.shutdown()).clean).toBe(false)
    expect(closed).toHaveBeenCalled()
    expect(lines.filter(({ err }) => err === error).map(({ hook }) => hook)).toEqual(['c', 'b'])
  })

  it('stops hard when the phases take longer together', async () => {
    // Those who are told of the drain may take a second, whatever the phases may.
    const { lines, shutdown } = setUp({ inFlightMs: 100, hooksMs: 100, flushMs: 100, hardStopMs: 300 })
    shutdown.onDrain('registry', () => never)
    const done = shutdown.shutdown()
    await vi.advanceTimersByTimeAsync(300)
    expect(await done).toEqual({ clean: false, durationMs: 300 })
    expect(lines.at(-1)).toMatchObject({ level: 'error', message: 'shutdown: hard stop', state: 'draining' })
  })

  it('is not held up by a logger that throws or never flushes, or a callback that throws', async () => {
    const broken = () => {
      throw new Error('no disk')
    }
    const logger = {
      level: 'info',
      debug: broken,
      info: broken,
      warn: broken,
      error: broken,
      fatal: broken,
      child: broken,
      flush: () => {},
    }
    const { shutdown } = setUp({ logger, onDraining: broken })
    const done = shutdown.shutdown()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await done).toEqual({ clean: false, durationMs: 1_000 })
  })

  it.each([
    [{ drainDelayMs: -1 }, 'drainDelayMs'],
    [{ hardStopMs: 0 }, 'hardStopMs'],
    [
      { drainDelayMs: 9, hardStopMs: 9 },
      'is less than drainDelayMs 9 + inFlightMs 15000 + hooksMs 4000 + flushMs 1000',
    ],
    [
      { inFlightMs: 60_000 },
      'hardStopMs: 25000 is less than inFlightMs 60000 + hooksMs 4000 + flushMs 1000: make it 65000',
    ],
    [{ drainMs: 9 }, 'is not an option'],
    [{ signals: 1 }, 'signals'],
  ])('refuses %o', (options, message) => {
    expect(() => createShutdown(options as never)).toThrow(message)
  })
})

describe('signals', () => {
  const events = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection']

  it.each(['SIGTERM', 'SIGINT'])('%s shuts down and exits with 0', async (signal) => {
    const { exit, messages, process, shutdown } = setUp()
    shutdown.listenToProcess()
    process.emit(signal, signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(exit.mock.calls).toEqual([[0]])
    expect(messages()[0]).toBe(`shutting down: ${signal}`)
    for (const event of events) expect(process.listenerCount(event)).toBe(0)
  })

  it('exits with 1 when something did not go well', async () => {
    const { exit, process, shutdown } = setUp()
    shutdown.onShutdown('a', () => Promise.reject(new Error('lost')))
    shutdown.listenToProcess()
    process.emit('SIGTERM', 'SIGTERM')
    await vi.advanceTimersByTimeAsync(0)
    expect(exit.mock.calls).toEqual([[1]])
  })

  it('exits with 1 at once on a second signal', async () => {
    const { exit, lines, process, shutdown } = setUp()
    shutdown.onShutdown('stuck', () => never)
    shutdown.listenToProcess()
    process.emit('SIGTERM', 'SIGTERM')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(exit).not.toHaveBeenCalled()
    process.emit('SIGTERM', 'SIGTERM')
    expect(exit.mock.calls).toEqual([[1]])
    expect(lines.at(-1)?.message).toBe('shutdown: second signal, SIGTERM: exiting now')
  })

  it('takes two SIGTERM within a second, as a process group gets them, for one', async () => {
    const { exit, process, shutdown } = setUp()
    shutdown.onShutdown('slow', () => new Promise((resolve) => setTimeout(resolve, 2_000)))
    shutdown.listenToProcess()
    process.emit('SIGTERM', 'SIGTERM')
    await vi.advanceTimersByTimeAsync(999)
    process.emit('SIGTERM', 'SIGTERM')
    expect(exit).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1_001)
    expect(exit.mock.calls).toEqual([[0]])
  })

  it('takes two SIGINT of one keystroke for one', async () => {
    const { exit, process, shutdown } = setUp()
    shutdown.onShutdown('stuck', () => never)
    shutdown.listenToProcess()
    process.emit('SIGINT', 'SIGINT')
    await vi.advanceTimersByTimeAsync(20)
    process.emit('SIGINT', 'SIGINT')
    expect(exit).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(200)
    process.emit('SIGINT', 'SIGINT')
    expect(exit.mock.calls).toEqual([[1]])
  })

  it.each(['uncaughtException', 'unhandledRejection'])(
    'logs an %s, shuts down and exits with 1',
    async (name) => {
      const { exit, lines, process, shutdown } = setUp()
      const closed = vi.fn()
      shutdown.onShutdown('a', closed)
      shutdown.listenToProcess()
      const error = new Error('bug')
      process.emit(name, error, name)
      process.emit(name, error, name)
      await vi.advanceTimersByTimeAsync(0)
      expect(exit.mock.calls).toEqual([[1]])
      expect(closed).toHaveBeenCalledTimes(1)
      expect(lines[0]).toMatchObject({ level: 'fatal', err: error, origin: name })
    },
  )

  it('lets a signal after an uncaught error be the first', async () => {
    const { exit, process, shutdown } = setUp()
    shutdown.onShutdown('stuck', () => never)
    shutdown.listenToProcess()
    process.emit('uncaughtException', new Error('bug'))
    process.emit('SIGTERM', 'SIGTERM')
    expect(exit).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(4_000)
    expect(exit.mock.calls).toEqual([[1]])
  })

  it('are left alone with signals: false', () => {
    const { process, shutdown } = setUp({ signals: false })
    shutdown.listenToProcess()
    expect(process.eventNames()).toEqual([])
  })

  it('are left alone again after a shutdown by hand', async () => {
    const { process, shutdown } = setUp()
    shutdown.listenToProcess()
    expect(process.eventNames()).toEqual(events)
    await shutdown.shutdown()
    expect(process.eventNames()).toEqual([])
  })

  it('end the process when the last of its services has stopped, with the worst code', async () => {
    const process = new EventEmitter()
    const exit = vi.fn()
    const [fast, slow] = [createShutdown({ process, exit }), createShutdown({ process, exit })]
    slow.onShutdown('stuck', () => never)
    fast.listenToProcess()
    slow.listenToProcess()
    expect(process.listenerCount('SIGTERM')).toBe(1)
    process.emit('SIGTERM', 'SIGTERM')
    await vi.advanceTimersByTimeAsync(3_999)
    expect(fast.state).toBe('stopped')
    expect(exit).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(exit.mock.calls).toEqual([[1]])
  })
})

describe('run()', () => {
  it('shuts down when the work is done, and ends the process', async () => {
    const { exit, messages, shutdown } = setUp()
    const closed = vi.fn()
    shutdown.onShutdown('queue', closed)
    await shutdown.run(async () => {})
    expect(closed).toHaveBeenCalled()
    expect(messages()[0]).toBe('shutting down: the work is done')
    expect(exit.mock.calls).toEqual([[0]])
  })

  it('aborts the work on a signal, waits for it, and takes its abort for an end', async () => {
    const { exit, process, shutdown } = setUp({ drainDelayMs: 5_000 })
    const closed = vi.fn()
    shutdown.onShutdown('queue', closed)
    const done = shutdown.run(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), 100))
        }),
    )
    process.emit('SIGTERM', 'SIGTERM')
    await vi.advanceTimersByTimeAsync(99)
    expect(closed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await done
    expect(exit.mock.calls).toEqual([[0]])
  })

  it('cuts off work that ignores its signal', async () => {
    const { exit, lines, process, shutdown } = setUp({ inFlightMs: 1_000 })
    void shutdown.run(() => never)
    process.emit('SIGTERM', 'SIGTERM')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(exit.mock.calls).toEqual([[1]])
    expect(lines).toContainEqual(expect.objectContaining({ phase: 'in-flight', requests: 1 }))
  })

  it.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('bug'))],
    [
      'throws',
      () => {
        throw new Error('bug')
      },
    ],
  ])('exits with 1 when the work %s', async (_, work) => {
    const { exit, lines, shutdown } = setUp()
    await expect(shutdown.run(work)).rejects.toThrow('bug')
    expect(exit.mock.calls).toEqual([[1]])
    expect(lines[0]).toMatchObject({ level: 'error', message: 'the work failed' })
  })

  it('only throws with signals: false', async () => {
    const { exit, shutdown } = setUp({ signals: false })
    await expect(shutdown.run(() => Promise.reject(new Error('bug')))).rejects.toThrow('bug')
    expect(exit).not.toHaveBeenCalled()
  })
})

describe('the drain delay', () => {
  it('is 5 s in Kubernetes and none elsewhere', async () => {
    for (const [host, expected] of [
      ['10.0.0.1', 5_000],
      [undefined, 0],
    ] as const) {
      vi.stubEnv('KUBERNETES_SERVICE_HOST', host)
      const { createServer } = await import('node:http')
      const { shutdown } = setUp()
      shutdown.track(createServer())
      const done = shutdown.shutdown()
      await vi.advanceTimersByTimeAsync(10_000)
      expect((await done).durationMs).toBe(expected)
    }
    vi.unstubAllEnvs()
  })
})
