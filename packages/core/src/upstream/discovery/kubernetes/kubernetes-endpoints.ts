import { OptionCheck, Secret, show, showUrl } from '../../../foundation/config/index.js'
import { originOf, type Resolver } from '../../endpoints/index.js'
import type { KubernetesAccess } from './service-account.js'
import { watchSlices } from './slice-watch.js'

/** Options of `kubernetesEndpoints`. */
export interface KubernetesEndpointsOptions {
  /** The name of the Service. It may be headless. */
  readonly service: string
  /**
   * The namespace of the Service.
   * @default the pod's
   */
  readonly namespace?: string | undefined
  /**
   * The port of the pods, by its name in the Service, or its number (the `targetPort`).
   * @default the only one, else http or https
   */
  readonly port?: string | number | undefined
  /**
   * The protocol of every endpoint.
   * @default https where appProtocol or the port's name says so, else http
   */
  readonly protocol?: 'http' | 'https' | undefined
  /**
   * Which addresses are used of a Service that has both.
   * @default IPv4 where there are any
   */
  readonly addressType?: 'IPv4' | 'IPv6' | undefined
  /**
   * The name for the `host` header and for TLS.
   * @default `{service}.{namespace}.svc`
   */
  readonly serverName?: string | undefined
  /**
   * Where the API of Kubernetes is.
   * @default KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT
   */
  readonly address?: string | undefined
  /**
   * What is shown as `authorization: Bearer …`.
   * @default the pod's service account, read again for each request
   */
  readonly token?: string | Secret | undefined
  /**
   * The certificate of the authority to trust, in PEM.
   * @default the pod's service account
   */
  readonly ca?: string | undefined
  /**
   * How long one watch lasts, in milliseconds; the next goes on where it ended.
   * @default 300000
   */
  readonly watchMs?: number | undefined
  /**
   * How long an answer is waited for that is due at once, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number | undefined
  /**
   * The time between watches that end at once, in milliseconds. Five may follow each other at once.
   * @default 2000
   */
  readonly minRefreshMs?: number | undefined
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: (() => number) | undefined
}

const optionNames = [
  'service',
  'namespace',
  'port',
  'protocol',
  'addressType',
  'serverName',
  'address',
  'token',
  'ca',
  'watchMs',
  'timeoutMs',
  'minRefreshMs',
  'random',
] as const satisfies readonly (keyof KubernetesEndpointsOptions)[]

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Endpoints from the EndpointSlices of a Service in Kubernetes: its ready pods, heard of as soon as they change, with
 * their zones. The pod's service account must be allowed to `list` and `watch` `endpointslices` of `discovery.k8s.io`.
 * When Kubernetes cannot be asked, the last ones it gave stay.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 * @example
 * ```ts
 * const address = 'https://10.96.0.1:443' // inside of a pod it is known
 * const endpoints = kubernetesEndpoints({ service: 'orders', namespace: 'shop', port: 'http', address })
 * ```
 */
export function kubernetesEndpoints(options: KubernetesEndpointsOptions): Resolver {
  const check = new OptionCheck('kubernetesEndpoints()')
  if (options === undefined) check.add('', 'needs an object of options with at least a service')
  else if (check.object('', options, optionNames)) checkEach(check, options)
  const access = accessOf(check, options ?? {})
  check.done()
  const { service, port, protocol, addressType } = options
  const { watchMs = 300_000, timeoutMs = 5_000, minRefreshMs = 2_000, random = Math.random } = options
  const readingFor = (namespace: string) => {
    return { port, protocol, addressType, serverName: options.serverName ?? `${service}.${namespace}.svc` }
  }
  const settings = { access, service, readingFor, watchMs, timeoutMs, minRefreshMs, random }
  return {
    watch: (listener) => watchSlices(settings, listener),
  }
}

function checkEach(check: OptionCheck, options: KubernetesEndpointsOptions): void {
  const { service, namespace, port } = options
  // What a label's value may be: the slices of a Service are found by its name.
  for (const [path, name] of Object.entries({ service, namespace })) {
    if (name === undefined && path === 'namespace') continue
    if (typeof name === 'string' && /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) continue
    check.add(path, `must be a name of Kubernetes: lower-case letters, digits and hyphens, not ${show(name)}`)
  }
  if (typeof port === 'number') check.number('port', port, { min: 1, max: 65_535, integer: true })
  else if (port !== undefined && (typeof port !== 'string' || port === '')) {
    check.add('port', `must be the name or the number of a port, not ${show(port)}`)
  }
  check.oneOf('protocol', options.protocol, ['http', 'https'])
  check.oneOf('addressType', options.addressType, ['IPv4', 'IPv6'])
  for (const name of ['serverName', 'ca'] as const) {
    const value: unknown = options[name]
    if (value === undefined || (typeof value === 'string' && value !== '')) continue
    check.add(name, `must be a text that is not empty, not ${show(value)}`)
  }
  check.milliseconds('watchMs', options.watchMs, { min: 1_000, max: 3_600_000, exclusive: false })
  check.milliseconds('timeoutMs', options.timeoutMs)
  check.milliseconds('minRefreshMs', options.minRefreshMs)
  check.function('random', options.random)
}

function accessOf(check: OptionCheck, options: KubernetesEndpointsOptions): KubernetesAccess {
  const { token, ca, namespace } = options
  const text: unknown = token instanceof Secret ? token.reveal() : token
  if (text !== undefined && (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text))) {
    check.add('token', 'must be a text of visible ASCII characters, or a Secret of one')
  }
  const url = addressOf(check, options.address)
  const basePath = url.pathname.replace(/\/+$/, '')
  return { origin: url.origin, basePath, token, ca, namespace, folder: accountFolder }
}

function addressOf(check: OptionCheck, given: unknown): URL {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
  const address = given ?? (host === undefined ? undefined : originOf('https', host, Number(port ?? 443)))
  if (address === undefined) {
    check.add('address', 'is missing, and this is no pod: KUBERNETES_SERVICE_HOST is not set')
  } else if (
    typeof address !== 'string' ||
    !/^https?:$/.test(URL.canParse(address) ? new URL(address).protocol : '')
  ) {
    check.add('address', `must be an http: or https: URL, not ${showUrl(address)}`)
  } else return new URL(address)
  return new URL('https://kubernetes.default.svc')
}
