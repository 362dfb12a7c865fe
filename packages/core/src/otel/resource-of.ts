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
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.instance.id': randomUUID(), ...processAttributes() }))
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes(givenAttributes(options)))
}

function processAttributes(): Record<string, string | number> {
  return {
    'host.name': hostname(),
    'host.arch': process.arch === 'x64' ? 'amd64' : process.arch,
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  }
}

function givenAttributes(options: TelemetryOptions): Record<string, string | number | boolean> {
  const { attributes, service, serviceName, serviceVersion } = options
  const given = {
    ...attributes,
    'service.name': serviceName ?? (process.env.OTEL_SERVICE_NAME ? undefined : service?.name),
    'service.version': serviceVersion ?? service?.version,
    'deployment.environment.name': service?.environment,
  }
  return Object.fromEntries(
    Object.entries(given).filter(
      (entry): entry is [string, string | number | boolean] => entry[1] !== undefined,
    ),
  )
}
