import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openOrders, orders } from '../../../../test/fixtures/orders.js'
import { answer, faultServer, mockClient } from '../../../testing.js'
import { type WatchOptions, watchOptions } from './watch-options.js'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-options-'))
  file = join(folder, 'holdfast.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const nowhere = { url: 'http://127.0.0.1:1' }
const write = (options: unknown) => writeFileSync(file, JSON.stringify({ clients: { orders: options } }))
const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run()
  } catch (error) {
    return (error as { problems: readonly { path: string; message: string }[] }).problems.map(
      ({ path, message }) => `${path}: ${message}`,
    )
  }
  return []
}

/** A logger, and what it was told. */
function logs() {
  const [info, error] = [vi.fn(), vi.fn()]
  const none = () => {}
  const logger = { level: 'info', debug: none, info, warn: none, error, fatal: none, child: () => logger }
  return { logger: logger as never, info, error }
}

/** A client whose tokens show how many a file gives it, and the file it is watched by. */
function watched(options: WatchOptions = {}, of: object = {}) {
  const told = logs()
  const client = openOrders(nowhere, { retryBudget: { maxTokens: 90 }, ...of })
  const watch = watchOptions(file, { orders: client }, { logger: told.logger, ...options })
  onTestFinished(() => watch.close())
  const updated = vi.fn()
  client.$on('updated', updated)
  const tokens = () => client.$stats().retryBudget?.tokens
  const becomes = (expected: number | undefined) => vi.waitFor(() => expect(tokens()).toBe(expected), 5_000)
  return { ...told, client, watch, updated, tokens, becomes }
}

describe('watchOptions', () => {
  it('reads the file at once, again when it is written, and lays it over what the code says', async () => {
    write({ retryBudget: { maxTokens: 50 } })
    const { becomes, info, tokens, updated, client } = watched()
    expect(tokens()).toBe(50)
    write({ retryBudget: { maxTokens: 40 }, timeoutMs: 700 })
    await becomes(40)
    expect(updated.mock.calls[0]?.[0]).toMatchObject({ source: 'file', dependency: 'orders' })
    client.$update({ attemptTimeoutMs: 600, timeoutMs: 9_000 })
    write({})
    await vi.waitFor(() => expect(info).toHaveBeenCalledTimes(3), 5_000)
    expect(info.mock.calls.map(([{ changes }]) => changes)).toEqual([
      ['orders.retryBudget.maxTokens: 90 -> 50'],
      ['orders.retryBudget.maxTokens: 50 -> 40', 'orders.timeoutMs: default -> 700'],
      ['orders.retryBudget.maxTokens: 40 -> 90', 'orders.timeoutMs: 700 -> 9000'],
    ])
    expect(updated.mock.calls[1]?.[0].changes).toEqual([
      { option: 'attemptTimeoutMs', from: undefined, to: 600 },
    ])
  })

  it('sees a file that another is renamed onto', async () => {
    write({ retryBudget: { maxTokens: 50 } })
    const { becomes } = watched({ pollMs: 3_600_000 })
    for (const maxTokens of [40, 30]) {
      const next = join(folder, 'next')
      writeFileSync(next, JSON.stringify({ clients: { orders: { retryBudget: { maxTokens } } } }))
      renameSync(next, file)
      await becomes(maxTokens)
    }
  })

  it('sees a symlink that is swapped, as Kubernetes does with a ConfigMap', async () => {
    const publish = (version: string, maxTokens: number): void => {
      mkdirSync(join(folder, version))
      const text = JSON.stringify({ clients: { orders: { retryBudget: { maxTokens } } } })
      writeFileSync(join(folder, version, 'holdfast.json'), text)
      symlinkSync(version, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    publish('..2026_01', 50)
    symlinkSync(join('..data', 'holdfast.json'), file)
    const { becomes, tokens } = watched({ pollMs: 3_600_000 })
    expect(tokens()).toBe(50)
    publish('..2026_02', 40)
    await becomes(40)
    publish('..2026_03', 30)
    await becomes(30)
  })

  it('finds what the system does not tell of by looking', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'holdfast-elsewhere-'))
    onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }))
    const target = join(elsewhere, 'real.json')
    const set = (maxTokens: number) =>
      writeFileSync(target, JSON.stringify({ clients: { orders: { retryBudget: { maxTokens } } } }))
    set(50)
    symlinkSync(target, file)
    const { becomes } = watched({ pollMs: 20 })
    set(40)
    await becomes(40)
  })

  it('keeps the options of a file that is broken later, logs one error with all problems, and goes on', async () => {
    write({ retryBudget: { maxTokens: 50 } })
    const { becomes, error, tokens, updated } = watched({ pollMs: 20 })
    write({ timoutMs: 1, retryBudget: { maxTokens: -1 }, baseUrl: 'http://elsewhere' })
    await vi.waitFor(() => expect(error).toHaveBeenCalled(), 5_000)
    const [{ problems }] = error.mock.calls[0] as [{ problems: string[] }]
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'clients.orders.baseUrl',
      'clients.orders.timoutMs',
      'clients.orders.retryBudget.maxTokens',
    ])
    writeFileSync(file, '{ "clients": ')
    await vi.waitFor(() => expect(error).toHaveBeenCalledTimes(2), 5_000)
    unlinkSync(file)
    await vi.waitFor(() => expect(error).toHaveBeenCalledTimes(3), 5_000)
    expect([tokens(), updated.mock.calls.length]).toEqual([50, 0])
    write({ retryBudget: { maxTokens: 40 } })
    await becomes(40)
    expect(error).toHaveBeenCalledTimes(3)
  })

  it('changes all clients or none', async () => {
    const [one, other] = [openOrders(nowhere), openOrders(nowhere)]
    const set = (tokens: number, ofOther: number) =>
      writeFileSync(
        file,
        JSON.stringify({
          clients: {
            one: { retryBudget: { maxTokens: tokens } },
            other: { retryBudget: { maxTokens: ofOther } },
          },
        }),
      )
    const tokens = () => [one, other].map((client) => client.$stats().retryBudget?.tokens)
    const { logger, error } = logs()
    set(5, 6)
    const watch = watchOptions(file, { one, other: [other] }, { logger, pollMs: 20 })
    onTestFinished(() => watch.close())
    expect(tokens()).toEqual([5, 6])
    set(4, -1)
    await vi.waitFor(() => expect(error).toHaveBeenCalled(), 5_000)
    expect(tokens()).toEqual([5, 6])
    await other.$close()
    set(3, -1)
    await vi.waitFor(() => expect(tokens()[0]).toBe(3), 5_000)
  })

  it('leaves an update that a listener makes while the file is being applied', async () => {
    const [one, other] = [openOrders(nowhere), openOrders(nowhere)]
    one.$on('updated', () => other.$update({ retryBudget: { maxTokens: 3 } }))
    const set = { timeoutMs: 700 }
    writeFileSync(file, JSON.stringify({ clients: { one: set, other: set } }))
    const updated = vi.fn()
    other.$on('updated', updated)
    using _ = watchOptions(file, { one, other })
    expect(other.$stats().retryBudget?.tokens).toBe(3)
    const options = updated.mock.calls.map(([{ changes }]) => changes[0].option)
    expect(options).toEqual(['retryBudget.maxTokens', 'timeoutMs'])
  })

  it('refuses a client that it is given twice', () => {
    write({})
    const client = openOrders(nowhere)
    expect(problemsOf(() => watchOptions(file, { orders: client, again: client }))).toEqual([
      'clients.again: is a client that is there already; give each one name, and once',
    ])
    expect(problemsOf(() => watchOptions(file, { orders: [client, client] }))).toHaveLength(1)
  })

  it('goes back to the code when a client, or an optional file, is taken away', async () => {
    write({ retryBudget: { maxTokens: 50 } })
    const { becomes, error } = watched({ optional: true, pollMs: 20 }, { retryBudget: false })
    await becomes(50)
    writeFileSync(file, '{ "clients": {} }')
    await becomes(undefined)
    write({ retryBudget: { maxTokens: 50 } })
    await becomes(50)
    unlinkSync(file)
    await becomes(undefined)
    expect(error).not.toHaveBeenCalled()
  })

  it('reads no more once it is closed', async () => {
    write({ retryBudget: { maxTokens: 50 } })
    const { tokens, watch } = watched({ pollMs: 10 })
    watch.close()
    watch.close()
    write({ retryBudget: { maxTokens: 40 } })
    const other = openOrders(nowhere)
    using second = watchOptions(file, { orders: other }, { pollMs: 10 })
    write({ retryBudget: { maxTokens: 8 } })
    await vi.waitFor(() => expect(other.$stats().retryBudget?.tokens).toBe(8), 5_000)
    expect([tokens(), second.file]).toEqual([50, file])
  })

  it('changes a mock too, and calls go by what it says', async () => {
    write({ operations: { getOrder: { timeoutMs: 30 } } })
    await using server = await faultServer({ routes: { '*': answer(200) } })
    const mock = mockClient(orders, { getOrder: () => new Promise<never>(() => {}) })
    using watch = watchOptions(file, { orders: [mock, openOrders(server)] })
    expect(await mock.getOrder.safe({ id: '42' })).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } })
    expect(watch.file).toBe(file)
  })
})

describe('watchOptions refuses at the start', () => {
  const refused = (text: string | undefined): readonly string[] => {
    if (text !== undefined) writeFileSync(file, text)
    return problemsOf(() => watchOptions(file, { orders: openOrders(nowhere) }))
  }

  it.each([
    ['no file', undefined, /^: cannot be read \(ENOENT\)/],
    ['no JSON', '{ "clients": { "orders": { "headers": "secret" ', /^: is no JSON; correct it$/],
    ['no object', '[]', /^: must hold an object/],
    ['an unknown part', '{ "client": {} }', /^client: .*'clients'/],
    ['an unknown client', '{ "clients": { "order": {} } }', /^clients.order: .*'orders'/],
    ['clients that are no object', '{ "clients": [] }', /^clients: must be an object/],
    ['options that are no object', '{ "clients": { "orders": 5 } }', /^clients.orders: must be an object/],
    [
      'a value of the wrong type',
      '{ "clients": { "orders": { "timeoutMs": "5" } } }',
      /^clients.orders.timeoutMs: /,
    ],
    ['null', '{ "clients": { "orders": { "retry": null } } }', /^clients.orders.retry/],
    [
      'a function',
      '{ "clients": { "orders": { "fallback": "x" } } }',
      /^clients.orders.fallback: .*function/,
    ],
    [
      'an unchangeable option',
      '{ "clients": { "orders": { "http2": true } } }',
      /^clients.orders.http2: cannot change/,
    ],
    ['a prototype', '{ "clients": { "__proto__": {} } }', /^clients.__proto__: is not an option/],
  ])('%s', (_, text, problem) => {
    const problems = refused(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })

  it('everything that is wrong with what it is given', () => {
    const wrong = { logger: {}, optional: 'yes', pollMs: 0, poll: 5 }
    const problems = problemsOf(() => watchOptions('', { orders: {} } as never, wrong as never))
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'file',
      'options.poll',
      'options.optional',
      'options.pollMs',
      'logger',
      'clients.orders',
    ])
    expect(problemsOf(() => watchOptions(file, null as never, null as never))).toHaveLength(2)
  })

  it('and has changed no client then', () => {
    const client = openOrders(nowhere, { retryBudget: { maxTokens: 9 } })
    writeFileSync(file, '{ "clients": { "orders": { "retryBudget": { "maxTokens": 3 }, "timeoutMs": -1 } } }')
    expect(problemsOf(() => watchOptions(file, { orders: client }))).toHaveLength(1)
    expect(client.$stats().retryBudget?.tokens).toBe(9)
  })
})
