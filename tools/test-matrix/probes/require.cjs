const { createServer } = require('node:http')
const core = require('@holdfast/core')
const testing = require('@holdfast/core/testing')
const { z } = require('zod')

const orders = core.defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string() }),
  },
})

async function main() {
  const imported = await import('@holdfast/core')
  const importedTesting = await import('@holdfast/core/testing')
  if (imported.createClient !== core.createClient || imported.HoldfastError !== core.HoldfastError) {
    throw new Error('import and require() gave two instances of @holdfast/core')
  }
  if (importedTesting.faultServer !== testing.faultServer) {
    throw new Error('import and require() gave two instances of @holdfast/core/testing')
  }
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id: request.url.split('/').at(-1) }))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = core.createClient(orders, { baseUrl: `http://127.0.0.1:${server.address().port}` })
  const order = await client.getOrder({ id: '42' })
  if (order.id !== '42') throw new Error(`expected order 42, got ${order.id}`)
  await client.$close()
  server.close()
  process.stdout.write('ok\n')
}

main()
