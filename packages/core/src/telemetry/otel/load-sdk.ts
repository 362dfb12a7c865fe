import { ConfigInvalidError, type Problem } from '../../foundation/errors/index.js'

/** The packages of the OpenTelemetry SDK that Holdfast drives. */
export interface Sdk {
  readonly node: typeof import('@opentelemetry/sdk-trace-node')
  readonly resources: typeof import('@opentelemetry/resources')
  /** `undefined` when the exporter was brought along. */
  readonly exporter: typeof import('@opentelemetry/exporter-trace-otlp-http') | undefined
}

/** Loads a package by its name. */
export type Load = (name: string) => Promise<unknown>

const packageNames = {
  node: '@opentelemetry/sdk-trace-node',
  resources: '@opentelemetry/resources',
  exporter: '@opentelemetry/exporter-trace-otlp-http',
} as const

// Spelled out, so that bundlers and checks of dependencies see them.
const loaders: Readonly<Record<string, () => Promise<unknown>>> = {
  [packageNames.node]: () => import('@opentelemetry/sdk-trace-node'),
  [packageNames.resources]: () => import('@opentelemetry/resources'),
  [packageNames.exporter]: () => import('@opentelemetry/exporter-trace-otlp-http'),
}

const loadInstalled: Load = async (name) => loaders[name]?.()

/**
 * Loads the SDK, which is installed only where it is used.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming the packages that are missing.
 */
export async function loadSdk(needsExporter: boolean, load: Load = loadInstalled): Promise<Sdk> {
  const missing: string[] = []
  const get = async (name: string): Promise<unknown> => {
    try {
      return await load(name)
    } catch (error) {
      if (!isMissing(error, name)) throw error
      missing.push(name)
      return undefined
    }
  }
  const [node, resources, exporter] = await Promise.all([
    get(packageNames.node),
    get(packageNames.resources),
    needsExporter ? get(packageNames.exporter) : undefined,
  ])
  if (missing.length > 0) throw notInstalled(missing)
  return { node, resources, exporter } as Sdk
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  const isNotFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
  return isNotFound && String(message).includes(`'${name}'`)
}

function notInstalled(missing: readonly string[]): ConfigInvalidError {
  const command = `npm install ${missing.join(' ')}`
  const problems: Problem[] = missing.map((path) => ({ path, message: `is not installed; run: ${command}` }))
  return new ConfigInvalidError('startTelemetry()', problems)
}
