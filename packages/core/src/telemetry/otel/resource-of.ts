import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Resource } from '@opentelemetry/resources'
import type { Sdk } from './load-sdk.js'
import type { TelemetryOptions } from './telemetry-options.js'

/**
 * What all spans of this process have in common. The SDK's own detectors are left out but that of the environment: they
 * read the command line, which may hold secrets.
 */
export function resourceOf({ resources }: Sdk, options: TelemetryOptions): Resource {
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources
  const { attributes, service, serviceName, serviceVersion } = options
  const found = {
    ...processAttributes(),
    'service.name': service?.name,
    'service.version': service?.version,
    'deployment.environment.name': service?.environment,
  }
  const given = { 'service.name': serviceName, 'service.version': serviceVersion }
  return defaultResource()
    .merge(resourceFromAttributes(defined(found)))
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes({ ...attributes, ...defined(given) }))
}

function processAttributes() {
  return {
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
    'host.arch': process.arch === 'x64' ? 'amd64' : process.arch,
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  }
}

function defined<Value>(values: Record<string, Value | undefined>): Record<string, Value> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries as [string, Value][])
}
