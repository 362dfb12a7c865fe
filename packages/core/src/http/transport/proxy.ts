import { type Dispatcher, EnvHttpProxyAgent, Pool, ProxyAgent } from 'undici'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { connectOptions, type TlsOptions } from './tls-options.js'

/** Which proxy requests go through. */
export type ProxyOptions = string | true | ProxyTarget

/** A proxy that wants to know who is there. */
export interface ProxyTarget {
  /** `http://proxy:3128`. */
  readonly uri: string
  /** The value of `proxy-authorization`: `Bearer ...` or `Basic ...`. */
  readonly token?: string | undefined
}

interface ProxiedPoolOptions {
  readonly connections: number
  readonly connectTimeoutMs: number
  readonly http2: boolean
  readonly tls: TlsOptions | undefined
}

/**
 * A dispatcher that tunnels everything through a proxy. `true` and `'env'` take it from the variables `HTTP_PROXY`,
 * `HTTPS_PROXY` and `NO_PROXY`.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` for an address that is no URL.
 */
export function createProxy(proxy: ProxyOptions, options: ProxiedPoolOptions): Dispatcher {
  const { connections, connectTimeoutMs, http2 } = options
  const tls = connectOptions(options.tls)
  // undici would give an address of a proxy that has several 250 ms.
  const autoSelectFamilyAttemptTimeout = Math.max(250, Math.ceil(connectTimeoutMs / 2))
  const shared = {
    connections,
    allowH2: http2,
    connect: { ...tls, timeout: connectTimeoutMs, autoSelectFamilyAttemptTimeout },
    requestTls: { ...tls, allowH2: http2, timeout: connectTimeoutMs },
    proxyTls: { timeout: connectTimeoutMs, autoSelectFamilyAttemptTimeout },
    // A proxy that never answers CONNECT would hold its requests for undici's five minutes.
    clientFactory: (origin: URL, pool: object) =>
      new Pool(origin, { ...pool, headersTimeout: connectTimeoutMs }),
  }
  try {
    if (proxy === true || proxy === 'env') return new EnvHttpProxyAgent(shared)
    const { uri, token } = typeof proxy === 'string' ? { uri: proxy, token: undefined } : proxy
    return new ProxyAgent(token === undefined ? { ...shared, uri } : { ...shared, uri, token })
  } catch (error) {
    // Not as the cause: the error of a URL holds all of it, and there may be a password in it.
    const { message } = error as Error
    throw new ConfigInvalidError('createTransport()', [
      { path: 'proxy', message: `cannot be used: ${message}` },
    ])
  }
}
