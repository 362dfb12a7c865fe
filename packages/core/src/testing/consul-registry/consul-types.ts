/** What Consul says of an instance. */
export type ConsulStatus = 'passing' | 'warning' | 'critical'

/** A service as Consul's API takes it: `PUT /v1/agent/service/register`. */
export interface ConsulServiceDefinition {
  readonly Name: string
  readonly ID?: string | undefined
  readonly Address?: string | undefined
  readonly Port?: number | undefined
  readonly Tags?: readonly string[] | undefined
  readonly Meta?: Readonly<Record<string, string>> | undefined
  readonly Weights?: { readonly Passing: number; readonly Warning: number } | undefined
  readonly Check?: ConsulCheckDefinition | undefined
  readonly Checks?: readonly ConsulCheckDefinition[] | undefined
}

/** A check as Consul's API takes it, of those kinds that the registry runs. */
export interface ConsulCheckDefinition {
  readonly CheckID?: string | undefined
  readonly Name?: string | undefined
  readonly HTTP?: string | undefined
  readonly Method?: string | undefined
  readonly Interval?: string | undefined
  readonly Timeout?: string | undefined
  readonly TTL?: string | undefined
  readonly DeregisterCriticalServiceAfter?: string | undefined
  readonly Status?: ConsulStatus | undefined
}

/** A check of a service in the registry. */
export interface ConsulCheck {
  readonly id: string
  readonly definition: ConsulCheckDefinition
  status: ConsulStatus
  output: string
}

/** A service in the registry. */
export interface ConsulInstance {
  readonly definition: ConsulServiceDefinition
  readonly id: string
  readonly checks: ConsulCheck[]
  /** When it was first critical, by `performance.now()`. */
  criticalSince: number | undefined
}
