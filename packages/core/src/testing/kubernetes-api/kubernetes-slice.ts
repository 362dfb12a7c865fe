/** An EndpointSlice (`discovery.k8s.io/v1`), as far as the API here looks at it. */
export interface KubernetesSlice {
  readonly metadata: {
    readonly name: string
    /** `kubernetes.io/service-name` says whose it is. */
    readonly labels?: Readonly<Record<string, string>> | undefined
    readonly [field: string]: unknown
  }
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  readonly endpoints: readonly KubernetesEndpoint[]
  readonly ports: readonly {
    readonly name?: string | undefined
    readonly port: number
    readonly protocol?: string | undefined
    readonly appProtocol?: string | undefined
  }[]
}

/** One endpoint of a slice. */
export interface KubernetesEndpoint {
  readonly addresses: readonly string[]
  readonly conditions?: {
    readonly ready?: boolean | undefined
    readonly serving?: boolean | undefined
    readonly terminating?: boolean | undefined
  }
  readonly zone?: string | undefined
  readonly nodeName?: string | undefined
  readonly targetRef?: { readonly kind: 'Pod'; readonly name: string } | undefined
}
