import { type EndpointOptions, originOf } from '../../endpoints/index.js'

/** How an answer is read. */
export interface ConsulReading {
  /** Whether instances with a warning are left out. */
  readonly passingOnly: boolean
  /** Where the instances do not say it. */
  readonly protocol: 'http' | 'https' | undefined
  readonly serverName: string | undefined
}

/** The part that is used of an entry of `/v1/health/service/:name`. */
interface HealthEntry {
  readonly Node?: ConsulNode | null
  readonly Service?: ConsulService | null
  readonly Checks?: readonly { readonly Status?: string }[] | null
}

interface ConsulNode {
  readonly Node?: string
  readonly Address?: string
  readonly Meta?: Readonly<Record<string, string>> | null
  readonly Locality?: { readonly Zone?: string } | null
}

interface ConsulService {
  readonly ID?: string
  readonly Address?: string
  readonly Port?: number
  readonly Meta?: Readonly<Record<string, string>> | null
  readonly Weights?: { readonly Passing?: number; readonly Warning?: number } | null
  readonly Locality?: { readonly Zone?: string } | null
}

/** The endpoints of an answer of Consul, in the order in which it gives them. */
export function endpointsOf(entries: readonly unknown[], reading: ConsulReading): EndpointOptions[] {
  return entries.flatMap((entry) => endpointOf((entry ?? {}) as HealthEntry, reading) ?? [])
}

function endpointOf(
  { Node, Service, Checks }: HealthEntry,
  { passingOnly, protocol, serverName }: ConsulReading,
): EndpointOptions | undefined {
  const status = worstOf(Checks ?? [])
  if (status === 'critical' || (passingOnly && status === 'warning')) return undefined
  const host = Service?.Address || Node?.Address
  const port = Service?.Port ?? 0
  // Without a port there is nothing to call: a database's health entry, an agent of something else.
  if (host === undefined || host === '' || port === 0) return undefined
  const { Passing = 1, Warning = 1 } = Service?.Weights ?? {}
  const meta = Service?.Meta ?? {}
  const scheme = protocol ?? (meta.protocol === 'https' ? 'https' : 'http')
  return {
    url: originOf(scheme, host, port),
    // The id of a service is unique on its node only, and is the service's name unless it was given.
    id: `${Node?.Node ?? ''}/${Service?.ID ?? ''}`,
    weight: status === 'warning' ? Warning : Passing,
    ...definedOnly({
      zone: meta.zone || Node?.Meta?.zone || Service?.Locality?.Zone || Node?.Locality?.Zone || undefined,
      serverName,
    }),
  }
}

/** Consul's rule: anything that is no pass and no warning, maintenance too, is critical. */
function worstOf(checks: readonly { readonly Status?: string }[]): 'passing' | 'warning' | 'critical' {
  let worst: 'passing' | 'warning' = 'passing'
  for (const { Status } of checks) {
    if (Status === 'warning') worst = 'warning'
    else if (Status !== 'passing') return 'critical'
  }
  return worst
}

function definedOnly(values: {
  readonly zone: string | undefined
  readonly serverName: string | undefined
}): { readonly zone?: string; readonly serverName?: string } {
  const { zone, serverName } = values
  return { ...(zone === undefined ? {} : { zone }), ...(serverName === undefined ? {} : { serverName }) }
}
