import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServiceUrls } from '../arms/arm.js'
import type { Phase } from './phases.js'
import type { ArmRecord, SettledCall, SideRecord } from './record.js'
import type { ArmKey, FromSide, ToSide } from './side-messages.js'

const entry = fileURLToPath(new URL('side-main.ts', import.meta.url))

/**
 * One side in a process of its own. Services have processes of their own too, and a side that is overloaded must not
 * slow down the other one.
 */
export class SideProcess implements AsyncDisposable {
  readonly name: string
  readonly urls: ServiceUrls
  /** The calls that have settled so far. */
  readonly calls: SettledCall[] = []
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, { name, urls }: Extract<FromSide, { type: 'ready' }>) {
    this.#child = child
    this.name = name
    this.urls = urls
  }

  /** Starts the process and its services, and warms them up. */
  static async start(arm: ArmKey, seed: number): Promise<SideProcess> {
    const child = fork(entry)
    tell(child, { type: 'start', arm, seed })
    return new SideProcess(child, await told(child, 'ready'))
  }

  /** Makes the calls of all phases. */
  async run(phases: readonly Phase[]): Promise<ArmRecord> {
    const collect = (message: FromSide) => {
      if (message.type === 'settled') this.calls.push(...message.calls)
    }
    this.#child.on('message', collect)
    tell(this.#child, { type: 'run', phases })
    const { record }: { readonly record: SideRecord } = await told(this.#child, 'done')
    return { name: this.name, calls: this.calls, ...record }
  }

  /** @throws {Error} when the process does not end well */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit')
      if (this.#child.connected) tell(this.#child, { type: 'stop' })
      await exited
    }
    const { exitCode, signalCode } = this.#child
    if (exitCode !== 0) throw new Error(`the process of ${this.name} ended with ${signalCode ?? exitCode}`)
  }
}

function tell(child: ChildProcess, message: ToSide): void {
  child.send(message)
}

/** The next message of a type. */
function told<Type extends FromSide['type']>(
  child: ChildProcess,
  type: Type,
): Promise<Extract<FromSide, { type: Type }>> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('the process of one side has ended too soon'))
    const onMessage = (message: FromSide) => {
      if (message.type !== type) return
      child.off('exit', onExit)
      child.off('message', onMessage)
      resolve(message as Extract<FromSide, { type: Type }>)
    }
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
