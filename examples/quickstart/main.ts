/** Runs orders and the shop, lets orders fail for a moment, and prints what customers see: `npm run quickstart`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { chaos } from '@holdfast/core'
import { startOrders } from './orders.js'
import { openShop } from './shop.js'

let requests = 0
let failsEvery = Number.POSITIVE_INFINITY
const faults = chaos({ errors: 503, when: () => ++requests % failsEvery === 0, enabled: true })

const service = await startOrders(faults)
const shop = openShop(service.url)

/** Lets customers look at their orders, one after the other. */
async function serve(customers: number, how: string) {
  const before = requests
  let known = 0
  let longestMs = 0
  for (let customer = 0; customer < customers; customer++) {
    const start = performance.now()
    if ((await shop.status('42')) !== 'unknown') known++
    longestMs = Math.max(longestMs, performance.now() - start)
    await sleep(20)
  }
  console.log(
    `${how}: ${customers} pages, ${known} with the status, by ${requests - before} requests to orders; ` +
      `the slowest took ${longestMs.toFixed()} ms`,
  )
}

await serve(20, 'orders is well')
failsEvery = 5
await serve(50, 'one request in five fails')
failsEvery = 1
await serve(130, 'every request fails')
failsEvery = Number.POSITIVE_INFINITY
while ((await shop.status('42')) === 'unknown') await sleep(20)
await serve(20, 'orders is back')

await shop.close()
await service.stop()
