process.env.V = process.argv[2]


const { createService } = await import('@holdfast/core'); const { holdfast } = await import('@holdfast/fastify')
import Fastify from 'fastify'
const order = { id: '42', status: 'open', items: [{ sku: 'a-1', quantity: 2 }] }
const v = process.argv[2]!
const app = Fastify()
if (v !== 'bare') {
  const o: any = { name: 'o', signals: false }
  if (v.includes('L')) o.requestLog = false
  if (v.includes('M')) o.metrics = false
  if (v.includes('T')) o.tracing = false
  const service = createService(o)
  await app.register(holdfast as any, { service })
  app.get('/orders/:id', async () => order)
  if (v.includes('D')) { await app.listen({ port: 0, host: '127.0.0.1' }); process.send!((app.server.address() as any).port) } else { const l = await service.listen(app as any, { port: 0, host: '127.0.0.1' })
  process.send!(l.port) }
} else { app.get('/orders/:id', async () => order); await app.listen({ port: 0, host: '127.0.0.1' }); process.send!((app.server.address() as any).port) }
process.on('message', () => { const { user, system } = process.cpuUsage(); process.send!([user, system]) })
