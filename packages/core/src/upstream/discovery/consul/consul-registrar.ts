import { AbortedError, HttpError } from '../../../foundation/errors/index.js'
import { Execution } from '../../../policies/index.js'
import type { Logger } from '../../../telemetry/context/index.js'
import { quietly } from '../../../telemetry/logging/index.js'
import { backOffMs } from '../back-off.js'
import type { RegistryClient, RegistryRequest } from '../registry-client.js'
import type { ConsulRegistration } from './consul-registration.js'
import type { ResolvedRegistration } from './registration-options.js'

const deregisterTries = 3
const betweenTriesMs = 100
const lastWordMs = 300

/** Keeps an agent told of a service. One request at a time; its timers keep no process running. */
export class ConsulRegistrar implements ConsulRegistration {
  readonly ready: Promise<void>
  readonly #settings: ResolvedRegistration
  readonly #logger: Logger | undefined
  readonly #client: RegistryClient
  #state: ConsulRegistration['state'] = 'registering'
  #settleReady: () => void = () => {}
  #execution: Execution | undefined = undefined
  #running: Promise<void> = Promise.resolve()
  #deregistered: Promise<void> | undefined = undefined
  #timer: NodeJS.Timeout | undefined = undefined
  #hasStarted = false
  #failures = 0
  /** When the agent is to be asked whether it knows us, by `performance.now()`. */
  #reconcileAt = 0

  constructor(settings: ResolvedRegistration, logger: Logger | undefined) {
    this.#settings = settings
    this.#logger = logger
    this.#client = settings.agent.connect()
    this.ready = new Promise((resolve) => {
      this.#settleReady = resolve
    })
  }

  get id(): string {
    return this.#settings.id
  }

  get state(): ConsulRegistration['state'] {
    return this.#state
  }

  start(): void {
    this.#hasStarted = true
    this.#running = this.#step()
  }

  deregister(): Promise<void> {
    this.#deregistered ??= this.#deregister()
    return this.#deregistered
  }

  /** One thing to do, whichever is due; never rejects. */
  async #step(): Promise<void> {
    const execution = Execution.start(() => undefined)
    this.#execution = execution
    try {
      if (this.#state === 'registering') await this.#register(execution)
      else if (this.#settings.beatMs !== undefined && performance.now() < this.#reconcileAt)
        await this.#beat(execution)
      else await this.#reconcile(execution)
      this.#failures = 0
      this.#later(this.#pauseMs())
    } catch (error) {
      if (execution.aborted) return
      this.#failed(error)
    }
  }

  async #register(execution: Execution): Promise<void> {
    const path = '/v1/agent/service/register?replace-existing-checks=true'
    await this.#ask({ method: 'PUT', path, body: this.#settings.body }, execution)
    if (execution.aborted) return
    this.#state = 'registered'
    this.#reconcileAt = performance.now() + this.#settings.reconcileMs
    this.#log('info', { id: this.id }, 'registered with Consul')
    this.#settleReady()
  }

  async #reconcile(execution: Execution): Promise<void> {
    await this.#ask({ path: `/v1/agent/service/${encodeURIComponent(this.id)}` }, execution)
    this.#reconcileAt = performance.now() + this.#settings.reconcileMs
  }

  async #beat(execution: Execution): Promise<void> {
    const check = encodeURIComponent(`service:${this.id}`)
    await this.#ask({ method: 'PUT', path: `/v1/agent/check/pass/${check}` }, execution)
  }

  #failed(error: unknown): void {
    this.#failures++
    // An agent that was started anew knows neither the service nor its check: older ones answer 500 then.
    const isForgotten = this.#state === 'registered' && error instanceof HttpError && isUnknown(error)
    if (isForgotten) {
      this.#state = 'registering'
      this.#log('warn', { id: this.id }, 'Consul has forgotten the service; it is registered again')
      this.#later(this.#failures === 1 ? 0 : backOffMs(this.#failures, this.#settings.random))
      return
    }
    const backOff = backOffMs(this.#failures, this.#settings.random)
    // A sign of life that is late by more than its time makes the instance critical.
    const retryMs = this.#state === 'registered' ? Math.min(backOff, this.#periodMs) : backOff
    const what =
      this.#state === 'registering' ? 'registering with Consul failed' : 'Consul could not be asked'
    const fields = { id: this.id, err: error, failures: this.#failures, retry_ms: Math.round(retryMs) }
    this.#log('warn', fields, `${what}; it is tried again`)
    this.#later(retryMs)
  }

  /** A little sooner than due, by chance: not all instances at the same moment. */
  #pauseMs(): number {
    return this.#periodMs * (1 - 0.1 * clamp(this.#settings.random()))
  }

  get #periodMs(): number {
    return this.#settings.beatMs ?? this.#settings.reconcileMs
  }

  #later(ms: number): void {
    if (this.#state === 'deregistered') return
    this.#timer = setTimeout(() => this.start(), ms)
    this.#timer.unref?.()
  }

  async #deregister(): Promise<void> {
    clearTimeout(this.#timer)
    // A registration that is on its way must not overtake the deregistration. It is given a moment.
    await Promise.race([this.#running, pause(lastWordMs)])
    this.#execution?.abort(new AbortedError('the service is taken out of Consul'))
    clearTimeout(this.#timer)
    this.#state = 'deregistered'
    this.#settleReady()
    if (!this.#hasStarted) return
    const path = `/v1/agent/service/deregister/${encodeURIComponent(this.id)}`
    for (let tries = 1; ; tries++) {
      try {
        await this.#ask(
          { method: 'PUT', path },
          Execution.start(() => undefined),
        )
        this.#log('info', { id: this.id }, 'deregistered from Consul')
        break
      } catch (error) {
        // What is not there need not be taken out.
        if (error instanceof HttpError && error.status === 404) break
        if (tries < deregisterTries) {
          await pause(betweenTriesMs)
          continue
        }
        this.#log(
          'warn',
          { id: this.id, err: error },
          'deregistering from Consul failed; its check will drop the service',
        )
        break
      }
    }
    this.#client.close()
  }

  async #ask(request: Omit<RegistryRequest, 'headers' | 'timeoutMs'>, execution: Execution): Promise<void> {
    const { agent, timeoutMs } = this.#settings
    await this.#client.ask({ ...request, headers: agent.headers, timeoutMs }, execution)
  }

  #log(level: 'info' | 'warn', fields: object, message: string): void {
    quietly(() => this.#logger?.[level](fields, message))
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function isUnknown({ status, body }: HttpError): boolean {
  return status === 404 || (status === 500 && /unknown (service|check)|TTL/i.test(String(body)))
}

function clamp(chance: number): number {
  return chance >= 0 && chance <= 1 ? chance : 0.5
}
