/** The part of an EndpointSlice (`discovery.k8s.io/v1`) that is used. */
export interface EndpointSlice {
  readonly metadata?: { readonly name?: string; readonly resourceVersion?: string } | undefined
  readonly addressType?: string | undefined
  readonly endpoints?: readonly SliceEndpoint[] | null | undefined
  readonly ports?: readonly SlicePort[] | null | undefined
}

/** One endpoint of a slice: as a rule one pod. */
export interface SliceEndpoint {
  /** Only the first counts. */
  readonly addresses?: readonly string[] | undefined
  readonly conditions?:
    | {
        readonly ready?: boolean | null | undefined
        readonly serving?: boolean | null | undefined
        readonly terminating?: boolean | null | undefined
      }
    | undefined
  readonly zone?: string | null | undefined
  readonly targetRef?: { readonly name?: string } | null | undefined
}

/** One port of a slice. */
export interface SlicePort {
  readonly name?: string | null | undefined
  readonly port?: number | null | undefined
  readonly protocol?: string | null | undefined
  readonly appProtocol?: string | null | undefined
}
