import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ClosedError, type ConfigInvalidError } from '../../../foundation/errors/index.js'
import type { Logger } from '../../../telemetry/context/index.js'
import { answer, type ConsulRegistry, consulRegistry, delay, faultServer } from '../../../testing.js'
import { registerWithConsul } from './register-with-consul.js'
import type { ConsulRegistrationOptions } from './registration-options.js'

let consul: ConsulRegistry
beforeEach(async () => {
  consul = await consulRegistry()
})
afterEach(() => consul.close())

/** A registration whose service is told to drain by hand. */
function register(options: Partial<ConsulRegistrationOptions> = {}) {
  const lines: string[] = []
  const write = (fields: object | string, message?: string) => void lines.push(message ?? String(fields))
  const logger: Logger = {
    level: 'info',
    debug: write,
    info: write,
    warn: write,
    error: write,
    fatal: write,
    child: () => logger,
  }
  let drain: () => unknown = () => {}
  const onDrain = (_: string, hook: (context: { signal: AbortSignal }) => unknown): void => {
    drain = () => hook({ signal: new AbortController().signal })
  }
  const all = {
    port: 3000,
    host: '127.0.0.1',
    address: consul.url,
    id: 'orders-1',
    random: () => 0,
    ...options,
  }
  const registration = registerWithConsul({ name: 'orders', logger, onDrain }, all)
  onTestFinished(() => registration.deregister())
  return { registration, lines, drain: () => drain() }
}

describe('registerWithConsul', () => {
  it('has the agent ask /readyz, from passing on', async () => {
    const { registration } = register({ zone: 'a', check: { deregisterAfterMs: 90_000 } })
    await registration.ready
    expect(consul.requests[0]).toEqual({
      method: 'PUT',
      path: '/v1/agent/service/register?replace-existing-checks=true',
    })
    expect(consul.services).toMatchObject([{ id: 'orders-1', name: 'orders', port: 3000, status: 'passing' }])
    // Nobody listens there.
    await vi.waitFor(() => expect(consul.services[0]?.status).toBe('critical'), 5_000)
  })

  it('goes on trying when there is no agent, says so, and registers when there is one', async () => {
    await consul.refuse()
    const { lines, registration } = register()
    await vi.waitFor(() => expect(lines).toEqual(['registering with Consul failed; it is tried again']))
    expect(registration.state).toBe('registering')
    await consul.accept()
    await registration.ready
    expect([registration.state, consul.services.length]).toEqual(['registered', 1])
    expect(lines.at(-1)).toBe('registered with Consul')
  })

  it.each(['http', 'ttl'] as const)('registers again when the agent has forgotten it (%s)', async (kind) => {
    const check = kind === 'ttl' ? { kind, intervalMs: 1_000 } : {}
    const { lines, registration } = register({ reconcileMs: 100, check })
    await registration.ready
    consul.forget()
    await vi.waitFor(() => expect(consul.services).toHaveLength(1), 3_000)
    expect(lines).toContain('Consul has forgotten the service; it is registered again')
  })

  it('stays registered through a time without an agent, and asks it then', async () => {
    const { lines, registration } = register({ reconcileMs: 50 })
    await registration.ready
    await consul.refuse()
    await vi.waitFor(() => expect(lines).toContain('Consul could not be asked; it is tried again'))
    expect(registration.state).toBe('registered')
    const asked = consul.requests.length
    await consul.accept()
    await vi.waitFor(() => expect(consul.requests.length).toBeGreaterThan(asked))
    expect(lines.filter((line) => line === 'registered with Consul')).toHaveLength(1)
  })

  it('is taken out when the service drains, once, and does not come back', async () => {
    const { drain, registration } = register({ reconcileMs: 20 })
    await registration.ready
    await Promise.all([drain(), registration.deregister()])
    expect([registration.state, consul.services]).toEqual(['deregistered', []])
    const deregistrations = consul.requests.filter(({ path }) => path.includes('/deregister/'))
    expect(deregistrations).toEqual([{ method: 'PUT', path: '/v1/agent/service/deregister/orders-1' }])
    expect(consul.requests.at(-1)?.path).toBe('/v1/agent/service/deregister/orders-1')
  })

  it('does not let the deregistration overtake a registration that is on its way', async () => {
    await using slow = await faultServer({
      routes: { 'PUT /v1/agent/service/register': [delay(100), answer(200)], '*': answer(200) },
    })
    const { drain, registration } = register({ address: slow.url })
    await slow.received(1)
    await drain()
    const done = slow.requests.map(({ path, outcome }) => [path.split('/').at(4)?.split('?')[0], outcome])
    expect(done).toEqual([
      ['register', 'answered'],
      ['deregister', 'answered'],
    ])
    expect(registration.state).toBe('deregistered')
  })

  it('gives up on an agent that is not there any more, and says what follows', async () => {
    const { drain, lines, registration } = register()
    await registration.ready
    await consul.refuse()
    await drain()
    expect(lines.at(-1)).toBe('deregistering from Consul failed; its check will drop the service')
    expect(registration.state).toBe('deregistered')
  })

  it('does not register a service that stops already', async () => {
    const onDrain = (): never => {
      throw new ClosedError('the service is shutting down')
    }
    const registration = registerWithConsul({ name: 'orders', onDrain }, { port: 1, address: consul.url })
    await registration.ready
    expect([registration.state, consul.requests]).toEqual(['deregistered', []])
  })

  it('outlives a logger that throws', async () => {
    const broken = (): never => {
      throw new Error('boom')
    }
    const logger = {
      level: 'info',
      debug: broken,
      info: broken,
      warn: broken,
      error: broken,
      fatal: broken,
      child: broken,
    }
    const options = { port: 1, host: '127.0.0.1', address: consul.url }
    const registration = registerWithConsul({ name: 'orders', logger, onDrain() {} }, options)
    await registration.ready
    await registration.deregister()
    expect(consul.services).toEqual([])
  })

  it('says everything that is wrong with its options at once', () => {
    const wrong = {
      port: 0,
      weight: 0.5,
      meta: { a: 1 },
      check: { kind: 'ttl', url: 'x', intervalMs: 10, deregisterAfterMs: 1_000 },
      hostname: 'x',
    }
    try {
      registerWithConsul({ name: 'orders', onDrain() {} }, wrong as never)
      expect.unreachable()
    } catch (error) {
      const paths = (error as ConfigInvalidError).problems.map(({ path }) => path)
      const ofCheck = ['intervalMs', 'deregisterAfterMs', 'url', 'url'].map((name) => `check.${name}`)
      expect(paths).toEqual(['hostname', 'port', 'meta', 'weight', ...ofCheck])
    }
  })
})
