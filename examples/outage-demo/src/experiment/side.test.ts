import { describe, expect, it } from 'vitest'
import { holdfastArm } from '../arms/holdfast/holdfast-arm.js'
import { plainArm } from '../arms/plain/plain-arm.js'
import { failingPayments } from './failing-payments.js'
import { planPhases } from './phases.js'
import type { SettledCall } from './record.js'
import { type RunningArm, startArm } from './running-arm.js'
import { Side } from './side.js'

const arms = [
  ['plain fetch', plainArm],
  ['Holdfast', holdfastArm],
] as const

async function ask(arm: RunningArm, method: 'GET' | 'POST', path: string, body?: object) {
  const { status, body: text } = await arm.caller.call({ method, path, ...(body && { body }) })
  return { status, body: JSON.parse(text) }
}

const tea = { item: 'tea', cents: 450 }

describe.each(arms)('the services, called by %s', (_, arm) => {
  it('take an order through all three', async () => {
    await using running = await startArm(arm, 1)
    const placed = await ask(running, 'POST', '/checkout', tea)
    expect(placed).toMatchObject({ status: 201, body: { ...tea, paid: true } })
    expect(await ask(running, 'GET', `/orders/${placed.body.id}`)).toEqual({ status: 200, body: placed.body })
    expect(running.requestsAtPayments('healthy')).toBe(1)
    expect(await ask(running, 'GET', '/payment-methods')).toMatchObject({ body: { source: 'payments' } })
  })

  it('say what is wrong with a request', async () => {
    await using running = await startArm(arm, 1)
    expect(await ask(running, 'GET', '/orders/unknown')).toMatchObject({ status: 404 })
    expect(await ask(running, 'POST', '/checkout', { item: 'tea' })).toMatchObject({ status: 400 })
    expect(running.requestsAtPayments('healthy')).toBe(0)
  })

  it('answer what they can while payments is silent', async () => {
    await using running = await startArm(arm, 1)
    running.enter('blackHole')
    const methods = ask(running, 'GET', '/payment-methods')
    const checkout = ask(running, 'POST', '/checkout', tea)
    expect(await ask(running, 'GET', '/orders/1')).toMatchObject({ status: 200 })
    expect(await methods).toMatchObject({ status: 200, body: { methods: ['invoice'], source: 'fallback' } })
    expect((await checkout).status).toBeGreaterThanOrEqual(502)
    expect(running.requestsAtPayments('blackHole')).toBe(6)
  })

  it('are sent calls through all phases', async () => {
    await using side = await Side.start(arm, 3)
    const phases = planPhases({ healthy: 300, errors: 300, blackHole: 50, recovery: 300 })
    const calls: SettledCall[] = []
    const { requests } = await side.run(phases, (call) => calls.push(call))
    expect(calls.length).toBeGreaterThan(60)
    expect(new Set(calls.map(({ kind }) => kind))).toEqual(new Set(['checkout', 'listMethods', 'readOrder']))
    expect(
      calls.filter(({ kind }) => kind === 'readOrder').every(({ outcome }) => outcome === 'answer'),
    ).toBe(true)
    expect(Object.keys(requests)).toEqual(['healthy', 'errors', 'blackHole', 'recovery'])
    expect(requests.errors).toBeGreaterThan(0)
  })
})

describe('payments', () => {
  async function statusesOf(seed: number): Promise<number[]> {
    await using server = await failingPayments(seed)
    server.phase('errors')
    const charge = async (key: number) => {
      const response = await fetch(`${server.url}/charges`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `call-${key}` },
        body: JSON.stringify({ orderId: `order-${key}`, cents: 450 }),
      })
      await response.text()
      return response.status
    }
    const attemptsOf = async (key: number) => [await charge(key), await charge(key)]
    return (await Promise.all(Array.from({ length: 20 }, (_, key) => attemptsOf(key)))).flat()
  }

  it('decides about every attempt of a call by seed, not by time', async () => {
    const statuses = await statusesOf(1)
    expect(new Set(statuses)).toEqual(new Set([201, 503]))
    expect(await statusesOf(1)).toEqual(statuses)
    expect(await statusesOf(2)).not.toEqual(statuses)
  })
})
