import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watching } from '../../../../test/fixtures/watching.js'
import type { ConfigInvalidError } from '../../../foundation/errors/index.js'
import { type KubernetesApi, kubernetesApi } from '../../../testing.js'
import { type KubernetesEndpointsOptions, kubernetesEndpoints } from './kubernetes-endpoints.js'

let api: KubernetesApi
beforeEach(async () => {
  api = await kubernetesApi({ token: 'pod-token' })
})
afterEach(() => api.close())

const resolver = (options: Partial<KubernetesEndpointsOptions> = {}) =>
  kubernetesEndpoints({
    service: 'orders',
    namespace: 'default',
    address: api.url,
    token: 'pod-token',
    minRefreshMs: 20,
    random: () => 0,
    ...options,
  })
const slice = (...endpoints: string[]) => ({ ports: 3000, endpoints })
const url = (n: number): string => `http://10.0.0.${n}:3000`
const versions = (): (string | null)[] =>
  api.requests.map((path) => new URL(path, 'http://kubernetes').searchParams.get('resourceVersion'))
const watchIsOpen = (): Promise<void> => vi.waitFor(() => expect(api.watches).toBe(1))

describe('kubernetesEndpoints', () => {
  it('lists slices, and watches them from there on', async () => {
    api.applySlice('orders', slice('10.0.0.1'))
    api.applySlice('payments', slice('10.0.9.9'))
    const { errors, sees, updates } = watching(resolver())
    await sees(url(1))
    expect(updates[0]).toEqual([{ url: url(1), id: url(1), serverName: 'orders.default.svc' }])
    await watchIsOpen()
    api.applySlice('orders', { name: 'orders-2', ...slice('10.0.0.2', '10.0.0.3') })
    await sees(url(1), url(2), url(3))
    api.applySlice('payments', slice('10.0.9.8'))
    api.applySlice('orders', slice('10.0.0.4'))
    await sees(url(2), url(3), url(4))
    api.removeSlice('orders-2')
    await sees(url(4))
    expect([api.requests.length, errors]).toEqual([2, []])
    const folder = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
    const selector = 'labelSelector=kubernetes.io%2Fservice-name%3Dorders'
    expect(api.requests).toEqual([
      `${folder}?${selector}&limit=500`,
      `${folder}?${selector}&watch=1&allowWatchBookmarks=true&resourceVersion=102&timeoutSeconds=300`,
    ])
  })

  it.each(['done', 'broken'] as const)(
    'goes on where a watch ended (%s), without a list and without a gap',
    async (how) => {
      api.applySlice('orders', slice('10.0.0.1'))
      const { errors, sees } = watching(resolver())
      await sees(url(1))
      await watchIsOpen()
      api.applySlice('orders', slice('10.0.0.2'))
      await sees(url(2))
      api.endWatches(how)
      api.applySlice('orders', slice('10.0.0.3'))
      await sees(url(3))
      expect([versions(), errors]).toEqual([[null, '101', '102'], []])
    },
  )

  it('goes on from a bookmark, where nothing else has happened', async () => {
    const { sees } = watching(resolver())
    await sees()
    await watchIsOpen()
    api.applySlice('payments', slice('10.0.9.9'))
    api.bookmark()
    api.endWatches()
    await vi.waitFor(() => expect(versions()).toEqual([null, '100', '101']), 3_000)
  })

  it('lists anew when its version is gone, within a watch or before one, and calls it no failure', async () => {
    api.applySlice('orders', slice('10.0.0.1'))
    const { errors, sees } = watching(resolver())
    await sees(url(1))
    await watchIsOpen()
    api.endWatches('gone')
    await vi.waitFor(() => expect(versions()).toEqual([null, '101', null, '101']), 3_000)
    await watchIsOpen()
    api.endWatches()
    api.applySlice('orders', slice('10.0.0.2'))
    api.compact()
    await sees(url(2))
    expect([versions().slice(4, 6), errors]).toEqual([['101', null], []])
  })

  it('reads a long list page by page', async () => {
    for (let n = 1; n <= 501; n++)
      api.applySlice('orders', { name: `orders-${n}`, ...slice(`10.1.${n >> 8}.${n & 255}`) })
    const { updates } = watching(resolver())
    await vi.waitFor(() => expect(updates.at(-1)).toHaveLength(501))
    expect(api.requests[1]).toContain('&continue=500')
  })

  it('keeps what it knows while the API is away, and lists when it is back', async () => {
    api.applySlice('orders', slice('10.0.0.1'))
    const { errors, sees, updates } = watching(resolver())
    await sees(url(1))
    await watchIsOpen()
    await api.refuse()
    await vi.waitFor(() => expect(errors[0]).toContain('ECONNREFUSED'), 5_000)
    expect(updates).toHaveLength(1)
    api.applySlice('orders', slice('10.0.0.2'))
    await api.accept()
    await sees(url(2))
  })

  it('tells what Kubernetes says when it refuses', async () => {
    const { errors, updates } = watching(resolver({ token: 'another' }))
    await vi.waitFor(() => expect(errors[0]).toMatch(/Kubernetes answered 401: .*Unauthorized/))
    expect([errors[0]?.includes('another'), updates]).toEqual([false, []])
  })

  it('tells which ports there are when it cannot choose, and goes on when it can', async () => {
    const ports = [
      { name: 'grpc', port: 9000 },
      { name: 'admin', port: 9001 },
    ]
    api.applySlice('orders', { ports, endpoints: ['10.0.0.1'] })
    const { errors, sees } = watching(resolver())
    await vi.waitFor(() =>
      expect(errors[0]).toContain("set the option port to one of 'grpc' (9000), 'admin' (9001)"),
    )
    await watching(resolver({ port: 'admin' })).sees('http://10.0.0.1:9001')
    await watching(resolver({ port: 9000 })).sees('http://10.0.0.1:9000')
    await vi.waitFor(() => expect(api.watches).toBe(3))
    api.applySlice('orders', { ports: [{ name: 'https', port: 8443 }], endpoints: ['10.0.0.1'] })
    await sees('https://10.0.0.1:8443')
  })

  it('breaks the watch off when it is closed, or told to look again', async () => {
    api.applySlice('orders', slice('10.0.0.1'))
    const { errors, sees, updates, watch } = watching(resolver())
    await sees(url(1))
    await watchIsOpen()
    watch.refresh?.()
    await vi.waitFor(() => expect(versions()).toEqual([null, '101', null, '101']), 3_000)
    await watchIsOpen()
    watch.close()
    await vi.waitFor(() => expect(api.watches).toBe(0))
    api.applySlice('orders', slice('10.0.0.2'))
    expect([updates.length, errors]).toEqual([2, []])
  })

  it('says everything that is wrong with its options at once', () => {
    const wrong = { service: 'Orders', port: 0, addressType: 'FQDN', watchMs: 10, token: 'a b', tag: 'x' }
    try {
      kubernetesEndpoints(wrong as never)
      expect.unreachable()
    } catch (error) {
      const { problems } = error as ConfigInvalidError
      const paths = problems.map(({ path }) => path)
      expect(paths).toEqual(['tag', 'service', 'port', 'addressType', 'watchMs', 'token', 'address'])
      expect(problems.at(-1)?.message).toContain('this is no pod')
    }
  })
})
