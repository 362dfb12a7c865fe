import { contractName, type Operation } from '../../../../contract/index.js'
import { OptionCheck } from '../../../../foundation/config/index.js'
import { ConfigInvalidError } from '../../../../foundation/errors/index.js'
import type { TrafficSplit } from '../../../../upstream/traffic/index.js'
import type { ClientTelemetry } from '../../../call/client-telemetry.js'
import type { ClientControls } from '../../../operation/client-types.js'
import type { OperationCalls } from '../../../operation/operation-calls.js'
import type { CallOptions } from '../../../options/call-options.js'
import type { ClientOptions } from '../../../options/client-options.js'
import { type ClientVersionOptions, versionOptionNames } from '../../../options/version-options.js'
import {
  checkContradictions,
  checkNames,
  entriesOf,
  isSplit,
  mergedHeaders,
  placeNames,
  splitOf,
  withoutPlaces,
} from './check-versions.js'
import { controlVersions } from './version-controls.js'
import { versionDidWell } from './version-verdict.js'

/** What a client is made from. */
export interface ClientInit {
  readonly contract: unknown
  readonly options: ClientOptions<object>
  readonly telemetry: ClientTelemetry
}

/** A client that is open, without its face. */
export interface OpenedClient {
  /** By operation. */
  readonly runners: ReadonlyMap<string, OperationCalls>
  readonly controls: ClientControls
}

type OpenClient = (init: ClientInit) => OpenedClient

/** Whether the options are those of a client of several versions. */
export function isVersioned(options: unknown): boolean {
  return (options as { readonly versions?: unknown } | null | undefined)?.versions !== undefined
}

/**
 * One face for the clients of all versions. Each has its endpoints, breakers, limit, budget and connections to itself, so
 * that a bad version takes none of them from a good one.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 */
export function openVersions(init: ClientInit, open: OpenClient): object {
  const dependency = contractName(init.contract)
  // It refuses what is no contract.
  if (dependency === undefined) return open(init)
  const check = new OptionCheck(`client of '${dependency}'`)
  const { traffic, versions, ...rest } = init.options as ClientOptions<object, string>
  checkContradictions(check, rest)
  const split = splitOf(check, dependency, traffic)
  const clients = new Map<string, OpenedClient>()
  const shared = withoutPlaces(rest)
  const told = new Set<string>()
  const complain = (path: string, message: string): void => {
    // What is wrong with the options of all versions is wrong with each.
    if (!told.has(path)) check.add(path, message)
    told.add(path)
  }
  for (const [name, own] of entriesOf(check, versions)) {
    const opened = openVersion(complain, { name, own, shared, split }, { ...init, open })
    if (opened !== undefined) clients.set(name, opened)
  }
  checkNames(check, Object.keys(versions ?? {}), split)
  try {
    check.done()
  } catch (error) {
    for (const { controls } of clients.values()) void controls.$close({ timeoutMs: 0 })
    throw error
  }
  return faceOf(init, dependency, clients, split as TrafficSplit)
}

function faceOf(
  { contract, options, telemetry }: ClientInit,
  dependency: string,
  clients: ReadonlyMap<string, OpenedClient>,
  split: TrafficSplit,
): object {
  const operations = Object.entries(contract as Readonly<Record<string, Operation>>)
  const calls = operations.map(([name, operation]) => {
    const runners = new Map<string, OperationCalls>()
    for (const [version, client] of clients) runners.set(version, client.runners.get(name) as OperationCalls)
    return [name, callable({ name, operation, split, runners })] as const
  })
  const unwatch = telemetry.with(options).watchTraffic(dependency, split)
  const controls = controlVersions({
    dependency,
    split,
    versions: new Map([...clients].map(([version, client]) => [version, client.controls])),
    release() {
      if (!isSplit(options.traffic)) split.close()
      unwatch()
    },
  })
  return Object.freeze({ ...Object.fromEntries(calls), ...controls })
}

interface VersionedOperation {
  readonly name: string
  readonly operation: Operation
  readonly split: TrafficSplit
  readonly runners: ReadonlyMap<string, OperationCalls>
}

function callable({ name, operation: { method, path }, runners, split }: VersionedOperation): object {
  const decide = (input: unknown, options: CallOptions | undefined) =>
    split.decide({ operation: name, method, path, headers: options?.headers, input })
  const call = (input: unknown, options?: CallOptions) => {
    const decision = decide(input, options)
    return (runners.get(decision.version) as OperationCalls).call(input, options, decision)
  }
  const safe = (input: unknown, options?: CallOptions) => {
    const decision = decide(input, options)
    return (runners.get(decision.version) as OperationCalls).safe(input, options, decision)
  }
  return Object.assign(call, { safe })
}

interface Version {
  readonly name: string
  readonly own: ClientVersionOptions
  /** Options of all versions. */
  readonly shared: ClientOptions<object>
  readonly split: TrafficSplit | undefined
}

function openVersion(
  complain: (path: string, message: string) => void,
  { name, own, shared, split }: Version,
  { contract, open, telemetry }: ClientInit & { readonly open: OpenClient },
): OpenedClient | undefined {
  // Names that are none have been refused already.
  const entries = versionOptionNames.map((option) => [option, own[option]] as const)
  const given = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  const headers = mergedHeaders(shared.headers, own.headers)
  const options = { ...shared, ...given, ...(headers !== undefined && { headers }) }
  const failureStatuses = split?.failureStatuses ?? []
  const version = {
    name,
    settled(call, tookMs, error) {
      const { decision } = call
      const ok = versionDidWell(call, error, failureStatuses)
      if (ok !== undefined && decision !== undefined) split?.report(decision, { ok, tookMs })
    },
  } satisfies Parameters<ClientTelemetry['ofVersion']>[0]
  try {
    return open({ contract, options, telemetry: telemetry.ofVersion(version) })
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error
    for (const { path, message } of error.problems) {
      const [root = ''] = path.split('.')
      const isOwn = Object.hasOwn(given, root) || placeNames.some((place) => place === root)
      complain(isOwn ? `versions.${name}.${path}` : path, message)
    }
    return undefined
  }
}
