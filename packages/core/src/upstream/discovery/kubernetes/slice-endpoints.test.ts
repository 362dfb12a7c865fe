import { describe, expect, it } from 'vitest'
import type { EndpointSlice, SliceEndpoint } from './endpoint-slice.js'
import { endpointsOf, type SliceReading } from './slice-endpoints.js'

const reading: SliceReading = {
  port: undefined,
  protocol: undefined,
  addressType: undefined,
  serverName: 'orders.shop.svc',
}
const slice = (endpoints: SliceEndpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice => {
  return { addressType: 'IPv4', ports: [{ name: 'http', port: 80 }], endpoints, ...more }
}
const at = (address: string, conditions?: SliceEndpoint['conditions'], more: Partial<SliceEndpoint> = {}) => {
  return { addresses: [address], ...(conditions === undefined ? {} : { conditions }), ...more }
}
const urls = (slices: EndpointSlice[], with_: Partial<SliceReading> = {}): string[] =>
  endpointsOf(slices, { ...reading, ...with_ }).map((endpoint) => endpoint.url)

describe('endpoints of slices', () => {
  it('are those that are ready; what is not known counts as well', () => {
    const found = urls([
      slice([
        at('a', { ready: true }),
        at('b', { ready: false, serving: true }),
        at('c', {}),
        at('d'),
        at('e', { ready: null, terminating: true }),
        at('f', { ready: true, serving: true, terminating: false }),
        { addresses: [] },
      ]),
    ])
    expect(found).toEqual(['http://a:80', 'http://c:80', 'http://d:80', 'http://f:80'])
  })

  it('are those that terminate and still serve, where none is ready', () => {
    const ending = { ready: false, terminating: true }
    const slices = [
      slice([
        at('a', { ...ending, serving: true }),
        at('b', { ...ending, serving: false }),
        at('c', { ready: false }),
      ]),
    ]
    expect(urls(slices)).toEqual(['http://a:80'])
    expect(urls([...slices, slice([at('d')])])).toEqual(['http://d:80'])
  })

  it('come from all slices, each once, with pod and zone', () => {
    const pod = { zone: 'a', targetRef: { name: 'orders-7' } }
    const found = endpointsOf([slice([at('a', {}, pod)]), slice([at('a', {}, pod), at('b')])], reading)
    const serverName = 'orders.shop.svc'
    expect(found).toEqual([
      { url: 'http://a:80', id: 'orders-7', zone: 'a', serverName },
      { url: 'http://b:80', id: 'http://b:80', serverName },
    ])
  })

  it('are of one kind of address, since both kinds lead to the same pods', () => {
    const slices = [slice([at('fd00::1')], { addressType: 'IPv6' }), slice([at('10.0.0.1')])]
    expect(urls(slices)).toEqual(['http://10.0.0.1:80'])
    expect(urls(slices, { addressType: 'IPv6' })).toEqual(['http://[fd00::1]:80'])
    expect(urls(slices.slice(0, 1))).toEqual(['http://[fd00::1]:80'])
    expect(urls([slice([at('db.example.com')], { addressType: 'FQDN' })])).toEqual([
      'http://db.example.com:80',
    ])
  })

  it('have the port that was asked for, which may differ from slice to slice', () => {
    const slices = [
      slice([at('a')], {
        ports: [
          { name: 'http', port: 8080 },
          { name: 'admin', port: 9000 },
        ],
      }),
      slice([at('b')], {
        ports: [
          { name: 'http', port: 8081 },
          { name: 'admin', port: 9000 },
        ],
      }),
    ]
    expect(urls(slices)).toEqual(['http://a:8080', 'http://b:8081'])
    expect(urls(slices, { port: 'admin' })).toEqual(['http://a:9000', 'http://b:9000'])
    expect(() => urls(slices, { port: 'web' })).toThrow(
      "no port web; set the option port to one of 'http' (8080)",
    )
  })

  it('speak TLS where appProtocol or the name of the port says so', () => {
    const of = (port: object): string[] => urls([slice([at('a')], { ports: [{ port: 443, ...port }] })])
    expect(of({ appProtocol: 'https', name: 'web' })).toEqual(['https://a:443'])
    expect(of({ name: 'https' })).toEqual(['https://a:443'])
    expect(of({ name: 'https', appProtocol: 'http' })).toEqual(['http://a:443'])
    expect(urls([slice([at('a')])], { protocol: 'https' })).toEqual(['https://a:80'])
  })

  it('are none where a slice has no ports, no endpoints, or none at all', () => {
    expect(urls([])).toEqual([])
    expect(urls([slice([], {}), slice([at('a')], { ports: null }), { addressType: 'IPv4' }])).toEqual([])
  })
})
