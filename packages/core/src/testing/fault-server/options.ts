import { OptionCheck } from '../../foundation/config/index.js'
import { answer } from '../faults/answer.js'
import type { Behaviour } from '../faults/fault.js'
import { checkBehaviour } from '../faults/run-behaviour.js'
import { checkPattern } from './route-table.js'

/** Options of `faultServer`. */
export interface FaultServerOptions {
  /**
   * What each route does, by `METHOD /path/{parameter}`. The method may be left out, a path may end in `/*`, and
   * `*` takes what no other route does. The first route that matches is taken. @default every request is answered with 200
   */
  readonly routes?: Readonly<Record<string, Behaviour>> | undefined
  /** What decides about every chance: the same seed gives the same faults. @default 1 */
  readonly seed?: number | string | undefined
  /** The phase to begin in. @default the first that a `phases()` of the routes names, else 'default' */
  readonly phase?: string | undefined
  /**
   * Counts requests by the value of this header, for example a call's id: the first, second and third attempt of the
   * call with this id then meet the same faults in every run, whatever is sent in between. Requests without the
   * header are counted in the order in which they arrive. @default none
   */
  readonly verdictHeader?: string | undefined
  /** Keeps the bodies of requests in the log. @default false */
  readonly recordBodies?: boolean | undefined
  /** How many requests the log holds, the latest ones. @default 1000 */
  readonly logSize?: number | undefined
  /** Milliseconds after which an idle connection is closed. @default 0, which is never */
  readonly keepAliveTimeoutMs?: number | undefined
  /** A loopback address: the server refuses to be reached from elsewhere. @default '127.0.0.1' */
  readonly host?: '127.0.0.1' | '::1' | 'localhost' | undefined
  /** @default 0, which picks a free one */
  readonly port?: number | undefined
}

/** `FaultServerOptions` with nothing left open. */
export type ResolvedFaultServerOptions = {
  readonly [Name in Exclude<keyof FaultServerOptions, 'phase' | 'verdictHeader'>]-?: NonNullable<
    FaultServerOptions[Name]
  >
} & { readonly phase: string | undefined; readonly verdictHeader: string | undefined }

const faultServerDefaults = Object.freeze({
  seed: 1,
  recordBodies: false,
  logSize: 1_000,
  keepAliveTimeoutMs: 0,
  host: '127.0.0.1',
  port: 0,
})

const names = ['routes', 'phase', 'verdictHeader', ...Object.keys(faultServerDefaults)]

/**
 * Checks the options and fills in what is missing.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 */
export function resolveFaultServerOptions(options: FaultServerOptions): ResolvedFaultServerOptions {
  const check = new OptionCheck('faultServer()')
  if (check.object('', options ?? null, names)) checkOptions(check, options)
  check.done()
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return {
    routes: { '*': answer() },
    phase: undefined,
    verdictHeader: undefined,
    ...faultServerDefaults,
    ...Object.fromEntries(given),
  } as ResolvedFaultServerOptions
}

function checkOptions(check: OptionCheck, options: FaultServerOptions): void {
  const { routes, seed, phase, verdictHeader, host, port } = options
  if (typeof routes !== 'object' && routes !== undefined)
    check.add('routes', 'must be an object of behaviours')
  else checkRoutes(check, routes ?? {})
  if (typeof seed !== 'string') check.number('seed', seed)
  if (phase !== undefined && typeof phase !== 'string') check.add('phase', 'must be a name')
  if (verdictHeader !== undefined && (typeof verdictHeader !== 'string' || verdictHeader === '')) {
    check.add('verdictHeader', 'must be the name of a header')
  }
  check.boolean('recordBodies', options.recordBodies)
  check.number('logSize', options.logSize, { min: 0, integer: true })
  check.milliseconds('keepAliveTimeoutMs', options.keepAliveTimeoutMs, { exclusive: false })
  check.oneOf('host', host, ['127.0.0.1', '::1', 'localhost'])
  check.number('port', port, { min: 0, max: 65_535, integer: true })
}

/** Adds what is wrong with some routes. */
export function checkRoutes(check: OptionCheck, routes: Readonly<Record<string, unknown>>): void {
  for (const [pattern, behaviour] of Object.entries(routes)) {
    checkPattern(check, `routes['${pattern}']`, pattern)
    checkBehaviour(check, `routes['${pattern}']`, behaviour)
  }
}
