import { isHoldfastError } from '../../../foundation/errors/index.js'
import type { Logger } from '../../../telemetry/context/index.js'
import { ConsulRegistrar } from './consul-registrar.js'
import type { ConsulRegistration } from './consul-registration.js'
import { type ConsulRegistrationOptions, resolveRegistration } from './registration-options.js'

/** The part of a service that is used. */
export interface RegisteredService {
  readonly name: string
  readonly version?: string | undefined
  readonly logger?: Logger | undefined
  /** Runs when the service begins to drain. */
  onDrain(name: string, hook: (context: { readonly signal: AbortSignal }) => unknown): unknown
}

/**
 * Registers a service with the agent of Consul, together with a check of its health, and takes it out when the service
 * begins to drain: before it stops to serve, so that callers look away in time. An agent that cannot be reached, or has
 * forgotten it, is told again and again in the background, with a line in the log; the service goes on meanwhile.
 *
 * Call it when the service listens.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 * @example
 * ```ts
 * import { createService, registerWithConsul } from '@holdfast/core'
 *
 * const service = createService({ name: 'orders', signals: false })
 * const { port } = await service.listen((_, response) => response.end('hello'), { port: 0 })
 * const registration = registerWithConsul(service, { port, zone: 'a' })
 * console.log(registration.state) // registering
 * await service.shutdown()
 * ```
 */
export function registerWithConsul(
  service: RegisteredService,
  options: ConsulRegistrationOptions,
): ConsulRegistration {
  const registrar = new ConsulRegistrar(resolveRegistration(service, options), service.logger)
  try {
    service.onDrain(`consul ${registrar.id}`, () => registrar.deregister())
    registrar.start()
  } catch (error) {
    if (!isHoldfastError(error, 'CLOSED')) throw error
    // The service has been told to stop while it started: nobody is to find it any more.
    void registrar.deregister()
  }
  return registrar
}
