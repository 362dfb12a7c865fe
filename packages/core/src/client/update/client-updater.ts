import type { Operation } from '../../contract/index.js'
import {
  changedOptions,
  mergeOptions,
  type OptionChange,
  OptionCheck,
} from '../../foundation/config/index.js'
import { ClosedError } from '../../foundation/errors/index.js'
import type { Emitter } from '../../foundation/events/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import type { CallLedger } from '../call/call-ledger.js'
import type { ClientEndpoints } from '../destinations/client-endpoints.js'
import type { ClientOptions } from '../options/client-options.js'
import { changeableNames, clientOptionNames } from '../options/option-names.js'
import { type OperationSettings, settingsOf } from '../settings/operation-settings.js'
import { checkOptions, type ResolvedClient } from '../settings/resolve-options.js'
import { checkPolicies, forwardPolicies } from '../slots/shared-policies.js'
import { changeableOf } from './changeable-of.js'
import { KeptPolicies } from './kept-policies.js'
import { withLowerCaseHeaders } from './lower-case-headers.js'
import type { OptionLayers, PreparedUpdate, Updater } from './updatable.js'

/** An operation whose policies follow the options. */
interface RelinkedOperation {
  /** From the next call on by other options. Calls on their way end as they began. */
  relink(resolved: ResolvedClient, settings: OperationSettings): void
}

/** The parts of a client that its options change. */
export interface UpdatedParts {
  readonly dependency: string
  readonly operations: Readonly<Record<string, Operation>>
  readonly endpoints: ClientEndpoints
  readonly events: Emitter<ClientEvents>
  readonly ledger: CallLedger
  /** By operation. */
  readonly runners: ReadonlyMap<string, RelinkedOperation>
}

/** Changes the options of a client, all that were asked for or none. */
export class ClientUpdater implements Updater {
  readonly policies: KeptPolicies
  readonly #parts: UpdatedParts
  #resolved: ResolvedClient
  #code: ClientOptions<object>
  #file: object = {}

  constructor(resolved: ResolvedClient, parts: UpdatedParts) {
    const { dependency, events } = parts
    this.#parts = parts
    this.#code = withLowerCaseHeaders(resolved.options)
    this.#resolved = { ...resolved, options: this.#code }
    this.policies = new KeptPolicies(resolved, resolved.options, (made) =>
      forwardPolicies(made, { dependency, origin: '', events }),
    )
  }

  /** The options that hold now, and what they describe. */
  get resolved(): ResolvedClient {
    return this.#resolved
  }

  get isClosed(): boolean {
    return this.#parts.ledger.isClosed
  }

  prepare(layers: OptionLayers): PreparedUpdate {
    const { code, file } = { code: {}, file: this.#file, ...layers }
    const { dependency, operations } = this.#parts
    if (this.isClosed) throw new ClosedError(`the client of '${dependency}' is closed`)
    const check = new OptionCheck(`update of the client of '${dependency}'`)
    const nextCode = mergeOptions(this.#code, withLowerCaseHeaders(changeableOf(check, code)))
    const options = mergeOptions(nextCode, withLowerCaseHeaders(changeableOf(check, file)))
    check.object('', unknownIn(options), changeableNames)
    const { headers } = checkOptions(check, options, operations)
    checkPolicies(check, options)
    if (!check.hasFailed) this.policies.checkChange(check, options, this.#connections)
    check.done()
    const changes = changedOptions(this.#resolved.options, options).map(shown)
    const source = file === this.#file ? 'update' : 'file'
    const before = { code: this.#code, file: this.#file }
    const apply = (): void => {
      // Whoever heard of what was applied before this may have changed options since: theirs stay as well.
      if (before.code !== this.#code || before.file !== this.#file) {
        this.prepare(layers).apply()
        return
      }
      this.#code = nextCode
      this.#file = file
      if (changes.length === 0) return
      this.#apply(options, headers)
      this.#parts.events.emit('updated', { dependency, source, changes })
    }
    return { changes, apply }
  }

  /** Those that its first limit has made room for, unless somebody else did. */
  get #connections(): number | undefined {
    const { options, transport } = this.#resolved
    const isOwn = transport.dispatcher === undefined && options.connections === undefined
    return isOwn ? transport.connections : undefined
  }

  #apply(options: ClientOptions<object>, headers: Readonly<Record<string, string>>): void {
    const { endpoints, operations, runners } = this.#parts
    this.#resolved = { ...this.#resolved, options, headers, ...this.policies.by(options) }
    endpoints.update(options)
    const overrides = (options.operations ?? {}) as Readonly<Record<string, object | undefined>>
    for (const [name, runner] of runners) {
      runner.relink(this.#resolved, settingsOf(operations[name] as Operation, options, overrides[name]))
    }
  }
}

function unknownIn(options: object): object {
  const names: readonly string[] = clientOptionNames
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)))
}

/** Headers may hold secrets, and the place of a quota a password. */
function shown({ option, from, to }: OptionChange): OptionChange {
  const hide = (value: unknown) => (value === undefined ? undefined : '[hidden]')
  if (/^headers\b|^rateLimit\.redis\b/.test(option)) return { option, from: hide(from), to: hide(to) }
  if (option !== 'rateLimit') return { option, from, to }
  const withoutPlace = (value: unknown) =>
    (value as { readonly redis?: unknown } | undefined)?.redis === undefined
      ? value
      : { ...(value as object), redis: '[hidden]' }
  return { option, from: withoutPlace(from), to: withoutPlace(to) }
}
