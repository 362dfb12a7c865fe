/** From the load to the servers: time begins, or what have you seen? */
export type ServerOrder = 'begin' | 'report'

/** From the servers: the URLs of each dependency's replicas. */
export type ServerPlaces = Readonly<Record<string, readonly string[]>>

/** From the servers at the end, by dependency and replica. */
export type ServerReport = Readonly<
  Record<string, readonly { readonly arrivalsMs: readonly number[]; readonly served: number }[]>
>
