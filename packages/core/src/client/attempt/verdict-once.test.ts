import { expect, it, vi } from 'vitest'
import { openFleet } from '../../../test/fixtures/client-fleet.js'
import { openOrders } from '../../../test/fixtures/orders.js'
import { answer, cycle, faultServer } from '../../testing.js'
import * as table from './classify.js'

vi.mock('./classify.js', { spy: true })

const found = answer(200, { json: { id: '42' } })

it('asks the table once for every failed attempt, and never for a success', async () => {
  await using server = await faultServer({ routes: { '*': cycle([answer(503), answer(503), found]) } })
  const clients = [openOrders(server), openFleet([server])]
  for (const client of clients) {
    vi.mocked(table.classify).mockClear()
    await client.getOrder({ id: '42' })
    expect(table.classify).toHaveBeenCalledTimes(2)
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ failures: 2, successes: 1 })
  }
})
