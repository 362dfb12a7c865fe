import { ConfigInvalidError, createClient, defineContract } from '@holdfast/core'
import { faultServer } from '@holdfast/core/testing'

const orders = defineContract('orders', { list: { method: 'GET', path: '/orders' } })
if (typeof createClient !== 'function' || typeof faultServer !== 'function' || orders.list.method !== 'GET') {
  throw new Error('a name is missing')
}
try {
  createClient(orders, { baseUrl: 'not a url' })
  throw new Error('expected the options to be refused')
} catch (error) {
  if (!(error instanceof ConfigInvalidError)) throw error
}
process.stdout.write('ok\n')
