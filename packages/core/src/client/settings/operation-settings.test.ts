import { describe, expect, it } from 'vitest'
import type { Operation } from '../../contract/index.js'
import type { CallPolicyOptions, ClientOptions } from '../options/client-options.js'
import { type OperationSettings, settingsOf } from './operation-settings.js'

const get: Operation = { method: 'GET', path: '/' }
const baseUrl = 'http://orders'

function settings(
  operation: Partial<Operation>,
  client: CallPolicyOptions = {},
  override?: CallPolicyOptions,
): OperationSettings {
  return settingsOf({ ...get, ...operation }, { baseUrl, ...client } as ClientOptions<object>, override)
}

describe('the settings of an operation', () => {
  it('are the defaults where nobody says anything', () => {
    expect(settings({})).toEqual({
      timeoutMs: 10_000,
      attemptTimeoutMs: 3_000,
      idleTimeoutMs: 3_000,
      retry: { maxAttempts: 3, baseMs: 50, maxMs: 2_000 },
      mustRetry: false,
      hedge: false,
      fallback: undefined,
    })
  })

  it.each(['timeoutMs', 'attemptTimeoutMs'] as const)(
    'take %s of the client over the default, of the contract over the client, of the override over all',
    (name) => {
      expect(settings({}, { [name]: 1 })[name]).toBe(1)
      expect(settings({ [name]: 2 }, { [name]: 1 })[name]).toBe(2)
      expect(settings({ [name]: 2 }, { [name]: 1 }, { [name]: 3 })[name]).toBe(3)
      expect(settings({ [name]: 2 }, { [name]: 1 }, { [name]: false })[name]).toBe(false)
      expect(settings({ [name]: false }, { [name]: 1 })[name]).toBe(false)
    },
  )

  it('let a stream stand still as long as an attempt may take, unless told', () => {
    expect(settings({ attemptTimeoutMs: 7 }).idleTimeoutMs).toBe(7)
    expect(settings({}, { idleTimeoutMs: 5 }).idleTimeoutMs).toBe(5)
    expect(settings({}, { idleTimeoutMs: 5 }, { idleTimeoutMs: false }).idleTimeoutMs).toBe(false)
  })

  it('add up the details of retries', () => {
    const merged = settings(
      { retry: { maxMs: 9 } },
      { retry: { maxAttempts: 5, maxMs: 8 } },
      { retry: { statuses: [500] } },
    )
    expect(merged).toMatchObject({
      retry: { maxAttempts: 5, baseMs: 9, maxMs: 9, statuses: [500] },
      mustRetry: true,
    })
  })

  it.each<[string, Partial<Operation>, CallPolicyOptions, CallPolicyOptions | undefined, unknown]>([
    ['the client switches them off', {}, { retry: false }, undefined, false],
    ['the contract switches them off', { retry: false }, { retry: { maxAttempts: 5 } }, undefined, false],
    [
      'an override brings them back',
      { retry: false },
      {},
      { retry: {} },
      { maxAttempts: 3, baseMs: 50, maxMs: 2_000 },
    ],
    [
      'what was said before they were switched off is forgotten',
      { retry: false },
      { retry: { maxAttempts: 5 } },
      { retry: { baseMs: 1 } },
      { maxAttempts: 3, baseMs: 1, maxMs: 2_000 },
    ],
    [
      'a first wait above the default longest',
      {},
      { retry: { baseMs: 3_000 } },
      undefined,
      { maxAttempts: 3, baseMs: 3_000, maxMs: 3_000 },
    ],
    [
      'a longest wait below the default first',
      {},
      { retry: { maxMs: 10 } },
      undefined,
      { maxAttempts: 3, baseMs: 10, maxMs: 10 },
    ],
  ])('say of retries: %s', (_, operation, client, override, expected) => {
    expect(settings(operation, client, override).retry).toEqual(expected)
  })

  it('must be able to retry only where operation or override asked for it', () => {
    expect(settings({}, { retry: {} }).mustRetry).toBe(false)
    expect(settings({ retry: {} }).mustRetry).toBe(true)
    expect(settings({ retry: {} }, {}, { retry: false }).mustRetry).toBe(false)
    expect(settings({}, {}, { retry: {} }).mustRetry).toBe(true)
  })

  it('hedge only what may be sent twice', () => {
    expect(settings({}, { hedge: true }).hedge).toEqual({})
    expect(settings({ hedge: { delayMs: 5 } }, { hedge: true }).hedge).toEqual({ delayMs: 5 })
    expect(settings({ hedge: true }, {}, { hedge: false }).hedge).toBe(false)
    expect(settings({ method: 'POST' }, { hedge: true }).hedge).toBe(false)
    expect(settings({ method: 'POST', idempotent: 'key' }, { hedge: true }).hedge).toEqual({})
    expect(settings({ method: 'GET', idempotent: false }, { hedge: true }).hedge).toBe(false)
  })

  it('take the fallback of the override, or none', () => {
    const [general, special] = [() => 1, () => 2]
    expect(settings({}, { fallback: general }).fallback).toBe(general)
    expect(settings({}, { fallback: general }, { fallback: special }).fallback).toBe(special)
    expect(settings({}, { fallback: general }, { fallback: false }).fallback).toBeUndefined()
  })
})
