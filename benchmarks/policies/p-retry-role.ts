/**
 * Why a call enters p-retry only after its first attempt has failed: what a call that succeeds pays either way.
 */
import { retry } from '@holdfast/core'
import pRetry, { AbortError } from 'p-retry'
import { expectSeen, measure, print } from './measure.js'

const well = async (): Promise<string> => 'answer'
const policy = retry({ budget: false })

const results = await measure({
  'the function alone': () => well(),
  'p-retry after the first failure': () => policy.execute(well),
  'p-retry around every call': () => pRetry(well, { retries: 2, minTimeout: 0, factor: 1 }),
})
print(results, 'p-retry after the first failure')

console.log('\nwhat p-retry by itself makes of a failure')
const attemptsWith = async (failure: unknown): Promise<number> => {
  let attempts = 0
  await pRetry(
    () => {
      attempts++
      return Promise.reject(failure)
    },
    { retries: 2, minTimeout: 0, factor: 1 },
  ).catch(() => {})
  return attempts
}
expectSeen('attempts after an Error', await attemptsWith(new Error('down')), 3)
expectSeen('attempts after its AbortError', await attemptsWith(new AbortError('stop')), 1)
expectSeen('attempts after a plain object', await attemptsWith({ status: 503 }), 1)
const reset = new TypeError('socket closed', { cause: new Error('ECONNRESET') })
expectSeen('attempts after a TypeError with a cause', await attemptsWith(reset), 1)

const controller = new AbortController()
const kept = await pRetry(
  async () => {
    controller.abort()
    return 'answer'
  },
  { signal: controller.signal },
).catch(() => 'discarded')
expectSeen('the result of an attempt during which its signal aborts', kept, 'discarded')
