import { type OptionCheck, Secret, showUrl } from '../../../foundation/config/index.js'
import type { TlsOptions } from '../../../http/transport/index.js'
import { RegistryClient } from '../registry-client.js'

/** How the agent of Consul is reached. */
export interface ConsulAgentOptions {
  /**
   * Where Consul's HTTP API is, best that of the agent on this machine.
   * @default CONSUL_HTTP_ADDR, else http://127.0.0.1:8500
   */
  readonly address?: string | undefined
  /**
   * The ACL token.
   * @default CONSUL_HTTP_TOKEN, else none
   */
  readonly token?: string | Secret | undefined
  /** Whom to trust, and who we are, where the address begins with `https:`. */
  readonly tls?: TlsOptions | undefined
}

/** The names of the options, for those who check options that hold them. */
export const consulAgentOptionNames = [
  'address',
  'token',
  'tls',
] as const satisfies readonly (keyof ConsulAgentOptions)[]

const tlsNames = [
  'ca',
  'cert',
  'key',
  'passphrase',
  'servername',
] as const satisfies readonly (keyof TlsOptions)[]

/** An agent, and what every request to it carries. */
export interface ConsulAgent {
  readonly headers: Readonly<Record<string, string>>
  /** A client of its own for each who asks. */
  connect(): RegistryClient
}

/** Checks the options and fills in what was not given; what is wrong is added to `check`. */
export function consulAgent(check: OptionCheck, options: ConsulAgentOptions): ConsulAgent {
  const { tls = {} } = options
  const url = addressOf(check, options.address)
  const token = tokenOf(check, options.token)
  check.object('tls', tls, tlsNames)
  return {
    headers: token === '' ? {} : { 'x-consul-token': token },
    connect: () =>
      new RegistryClient({
        name: 'Consul',
        origin: url.origin,
        basePath: url.pathname.replace(/\/+$/, ''),
        tls,
      }),
  }
}

const defaultAddress = 'http://127.0.0.1:8500'

function addressOf(check: OptionCheck, given: unknown): URL {
  const { CONSUL_HTTP_ADDR: variable, CONSUL_HTTP_SSL: ssl } = process.env
  const address = given ?? (variable === undefined || variable === '' ? defaultAddress : variable)
  const source = given === undefined && address === variable ? 'comes from CONSUL_HTTP_ADDR and ' : ''
  // Consul's own tools take addresses without a scheme.
  const scheme = ssl === 'true' || ssl === '1' ? 'https' : 'http'
  const text = typeof address === 'string' && !address.includes('://') ? `${scheme}://${address}` : address
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    check.add(
      'address',
      `${source}must be an http: or https: URL, such as ${defaultAddress}, not ${showUrl(address)}`,
    )
    return new URL(defaultAddress)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    check.add(
      'address',
      `${source}must hold no credentials, query or fragment; a token goes to the option token`,
    )
  }
  return url
}

function tokenOf(check: OptionCheck, given: unknown): string {
  const token =
    given instanceof Secret ? (given.reveal() as unknown) : (given ?? process.env.CONSUL_HTTP_TOKEN ?? '')
  if (typeof token === 'string' && /^[\x21-\x7e]*$/.test(token)) return token
  check.add('token', 'must be a text of visible ASCII characters, or a Secret of one')
  return ''
}
