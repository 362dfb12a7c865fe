import { expect, it, onTestFinished, vi } from 'vitest'
import { createFetch } from './fetch/create-fetch.js'

it('a fetch in shadow refuses nothing, and says what it would have refused', async () => {
  const request = createFetch({ baseUrl: 'http://127.0.0.1:1', retry: false, shadow: true })
  onTestFinished(() => request.$close())
  const [shadowed, rejected] = [vi.fn(), vi.fn()]
  request.$on('shadowReject', shadowed)
  request.$on('reject', rejected)
  for (let call = 0; call < 7; call++) {
    await expect(request('/')).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  }
  expect(shadowed.mock.calls.map(([{ reason }]) => reason)).toEqual(['circuit open', 'circuit open'])
  expect(rejected).not.toHaveBeenCalled()
  expect(request.$stats().origins).toMatchObject([
    { shadow: ['circuitBreaker', 'adaptiveConcurrency'], circuitBreaker: { state: 'open' } },
  ])
  expect(() => createFetch({ shadow: 1 as never })).toThrow('shadow: must be true or false')
})
