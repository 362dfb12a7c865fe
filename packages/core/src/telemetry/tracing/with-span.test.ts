import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { startTestSdk } from '../../../test/fixtures/spans.js'
import { AbortedError } from '../../foundation/errors/index.js'
import { withSpan } from './index.js'

const failing = (error: unknown) => () => Promise.reject(error)

describe('withSpan', () => {
  it('gives what the function gives, now or later', async () => {
    const sdk = startTestSdk()
    expect(withSpan('now', () => 1)).toBe(1)
    const later = withSpan('later', async (span) => span.setAttribute('own', 2) && 3, { given: true })
    expect(sdk.spans()).toHaveLength(1)
    expect(await later).toBe(3)
    expect(sdk.named('later').attributes).toEqual({ given: true, own: 2 })
  })

  it('ends with a promise of any maker', async () => {
    const sdk = startTestSdk()
    const ForeignPromise = runInNewContext('Promise') as PromiseConstructor
    let settle = (): void => {}
    const later = withSpan(
      'foreign',
      () =>
        new ForeignPromise<void>((resolve) => {
          settle = resolve
        }),
    )
    expect(sdk.spans()).toHaveLength(0)
    settle()
    await later
    expect(sdk.spans()).toHaveLength(1)
  })

  it('marks what throws as failed, and an abort not', async () => {
    const sdk = startTestSdk()
    const broken = () => {
      throw new RangeError('bad')
    }
    expect(() => withSpan('sync', broken)).toThrow('bad')
    await expect(withSpan('async', failing(new TypeError('bad')))).rejects.toThrow('bad')
    await expect(withSpan('aborted', failing(new AbortedError()))).rejects.toThrow()
    await expect(withSpan('signal', failing(AbortSignal.abort().reason))).rejects.toThrow()
    expect(
      sdk.facts().map(({ name, status, attributes }) => [name, status, attributes['error.type']]),
    ).toEqual([
      ['sync', 'ERROR', 'RangeError'],
      ['async', 'ERROR', 'TypeError'],
      ['aborted', 'UNSET', undefined],
      ['signal', 'UNSET', undefined],
    ])
  })

  it('runs the function without an SDK', async () => {
    const result = withSpan('nothing', async (span) => span.setAttribute('own', 1).isRecording())
    expect(await result).toBe(false)
  })
})
