import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClosedError } from '../../foundation/errors/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import { quietly } from '../../telemetry/logging/index.js'
import type { HealthRegistry } from '../health/index.js'
import type { Shutdown } from '../lifecycle/index.js'
import { type Listener, listening, urlOf } from './listen.js'
import type { Listening } from './service.js'
import type { ServiceOptions } from './service-options.js'

/** What starts when a service listens. */
export interface StartUpParts extends Listener {
  readonly options: ServiceOptions
  readonly logger: Logger
  readonly health: HealthRegistry
}

/** Has the management port and then the traffic listen. A start that fails, or is overtaken by a stop, leaves nothing behind. */
export async function startUp(
  parts: StartUpParts,
  listenToTraffic: () => Promise<Server>,
  host: string | undefined,
): Promise<Listening> {
  const { health, logger, shutdown } = parts
  shutdown.listenToProcess()
  const management = managementServer(parts)
  try {
    const managementUrl = management && (await unlessStopped(shutdown, management.listen()))
    const server = await unlessStopped(shutdown, listenToTraffic())
    health.markStarted()
    const { port } = server.address() as AddressInfo
    const url = urlOf(server, host)
    quietly(() => logger.info({ port, url, management_url: managementUrl }, 'listening'))
    return { server, url, port, managementUrl }
  } catch (error) {
    if (management !== undefined) abandon(management.server)
    throw error
  }
}

function managementServer({ options, runtime, shutdown }: StartUpParts) {
  const { management } = options
  if (management === undefined) return undefined
  const server = createServer(runtime.answerManagement)
  shutdown.track(server, 'management')
  const listen = async (): Promise<string> => urlOf(await listening(server, management), management.host)
  return { server, listen }
}

/** `starting`, unless the service stops first: what it has started then is closed as soon as it is there. */
async function unlessStopped<Started>(shutdown: Shutdown, starting: Promise<Started>): Promise<Started> {
  let refuse: (reason: ClosedError) => void = () => {}
  const stopped = new Promise<never>((_, reject) => {
    refuse = reject
  })
  const stop = (): void => refuse(new ClosedError('the service stops before it listens'))
  const forget = shutdown.state === 'running' ? shutdown.onDrain('start-up', stop) : stop
  if (shutdown.state !== 'running') stop()
  try {
    return await Promise.race([starting, stopped])
  } catch (error) {
    if (shutdown.state !== 'running') starting.then(closeIfServer, () => {})
    throw error
  } finally {
    forget()
  }
}

function closeIfServer(started: unknown): void {
  if (typeof started === 'object') abandon(started as Server)
}

/** Closes a server that nobody shall call any more. */
function abandon(server: Server): void {
  server.close()
  server.closeAllConnections?.()
}
