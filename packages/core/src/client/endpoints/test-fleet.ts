import { onTestFinished } from 'vitest'
import type { EndpointInput, Resolver, ResolverListener } from '../../endpoints/index.js'
import type { ClientStats, EndpointStats } from '../client-types.js'
import { type OrdersClient, type OrdersOptions, openOrders } from '../test-orders.js'

/** What a test starts for itself alone. */
export async function forThisTest<Started extends { close(): Promise<void> }>(
  starting: readonly Promise<Started>[],
): Promise<Started[]> {
  const started = await Promise.all(starting)
  onTestFinished(async () => {
    for (const each of started) await each.close()
  })
  return started
}

/** A client of all of them, for the running test. */
export function openFleet(
  endpoints: readonly EndpointInput[] | readonly { readonly url: string; readonly port: number }[] | Resolver,
  options: Partial<OrdersOptions> = {},
): OrdersClient {
  const places = 'watch' in endpoints ? endpoints : endpoints.map(placeOf)
  return openOrders({ url: '' }, { ...options, baseUrl: undefined as never, endpoints: places })
}

/** A server has more to it than its URL. */
function placeOf(place: EndpointInput): EndpointInput {
  return typeof place === 'object' && 'port' in place ? place.url : place
}

/** What a client knows of an endpoint. */
export function endpointOf(
  client: { $stats(): ClientStats },
  { url }: { readonly url: string },
): EndpointStats {
  const found = client.$stats().endpoints.find(({ origin }) => origin === url)
  if (found === undefined) throw new Error(`the client does not know ${url}`)
  return found
}

/** A resolver that says what a test has it say. */
export class ScriptedResolver implements Resolver {
  listener: ResolverListener | undefined = undefined
  refreshes = 0
  closes = 0
  onRefresh = (): void => {}

  watch(listener: ResolverListener) {
    this.listener = listener
    const refresh = (): void => {
      this.refreshes++
      this.onRefresh()
    }
    return { refresh, close: () => void this.closes++ }
  }

  say(...endpoints: readonly { readonly url: string }[]): void {
    this.listener?.update(endpoints.map(({ url }) => url))
  }
}
