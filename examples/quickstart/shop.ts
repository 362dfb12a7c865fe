/** The shop, which asks orders. */
import { createClient } from '@holdfast/core'
import { orders } from './orders.js'

/** Opens a shop that finds orders at `baseUrl`. */
export function openShop(baseUrl: string) {
  // One client for a dependency, made when the program starts. It needs no options: it has a deadline, retries under
  // a budget, a circuit breaker and a limit on calls in flight.
  const client = createClient(orders, {
    baseUrl,
    operations: {
      getOrder: {
        // A page that does not know the status is better than no page. An order that does not exist stays an error.
        fallback: (error) => {
          if (!error.retryable) throw error
          return { item: 'your order', status: 'unknown' }
        },
      },
    },
  })
  return {
    status: async (id: string) => (await client.getOrder({ id })).status,
    close: () => client.$close(),
  }
}
