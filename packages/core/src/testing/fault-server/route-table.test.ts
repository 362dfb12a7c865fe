import { expect, it } from 'vitest'
import { answer } from '../faults/answer.js'
import { RouteTable } from './route-table.js'

const table = new RouteTable({
  '*': answer(),
  'GET /orders/{id}': answer(),
  '/files/*': answer(),
  'POST /orders': answer(),
  'GET /a.b+c': answer(),
})

it.each([
  ['GET', '/orders/42', 'GET /orders/{id}'],
  ['GET', '/orders/42?x=/y', 'GET /orders/{id}'],
  ['HEAD', '/orders/42', 'GET /orders/{id}'],
  ['GET', '/orders/42/items', '*'],
  ['GET', '/orders/', '*'],
  ['POST', '/orders', 'POST /orders'],
  ['PUT', '/orders', '*'],
  ['DELETE', '/files/a/b', '/files/*'],
  ['GET', '/files', '/files/*'],
  ['GET', '/filesystem', '*'],
  ['GET', '/a.b+c', 'GET /a.b+c'],
  ['GET', '/axb+c', '*'],
])('%s %s goes to %s', (method, url, pattern) => {
  expect(table.find(method, url)?.pattern).toBe(pattern)
})

it('keeps the order of a route that is replaced, and the rest last', () => {
  const routes = new RouteTable({ '/a': answer(), '*': answer() })
  routes.set('/b', answer())
  const replacement = answer(503)
  routes.set('/a', replacement)
  expect(routes.all.map(({ pattern }) => pattern)).toEqual(['/a', '/b', '*'])
  expect(routes.find('GET', '/a')?.behaviour).toBe(replacement)
})
