import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createService, type Service, type ServiceOptions } from './index.js'

const host = '127.0.0.1'
const services: Service[] = []
const servers: Server[] = []

function make(options: Partial<ServiceOptions> = {}): Service {
  const service = createService({ name: 'test', signals: false, logLevel: 'fatal', ...options })
  services.push(service as Service)
  return service as Service
}

/** A port that somebody listens on. */
async function takenPort(): Promise<number> {
  const server = createServer()
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const port = await takenPort()
  await new Promise((resolve) => servers.pop()?.close(resolve))
  return port
}

const statusOf = (url: string): Promise<number | string> =>
  fetch(url).then(
    ({ status }) => status,
    () => 'refused',
  )

afterEach(async () => {
  for (const service of services.splice(0)) await service.shutdown()
  for (const server of servers.splice(0)) server.close()
})

describe('a service that starts', () => {
  it('leaves nothing listening when it fails, and may be started again', async () => {
    const management = { port: await freePort(), host }
    const service = make({ management })
    const listen = (port: number) => service.listen((_, response) => response.end('ok'), { port, host })
    await expect(listen(await takenPort())).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(await statusOf(`http://${host}:${management.port}/livez`)).toBe('refused')
    const { url, managementUrl } = await listen(0)
    expect(await statusOf(url)).toBe(200)
    expect(await statusOf(`${managementUrl}/livez`)).toBe(200)
  })

  it('does not listen once it has been stopped', async () => {
    const service = make()
    const listens = service.listen((_, response) => response.end('ok'), { port: 0, host })
    const outcome = expect(listens).rejects.toMatchObject({ code: 'CLOSED' })
    await service.shutdown()
    await outcome
    await expect(service.listen(() => {}, { port: 0, host })).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('offers a signal that aborts when it stops', async () => {
    const service = make()
    expect(service.signal.aborted).toBe(false)
    await service.shutdown()
    expect(service.signal.aborted).toBe(true)
  })
})
