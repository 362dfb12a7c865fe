export { type ClientCheckOptions, clientCheck, type ObservedClient } from './checks/client-check.js'
export { type DiskCheckOptions, diskCheck } from './checks/disk-check.js'
export { type EventLoopCheckOptions, eventLoopCheck } from './checks/event-loop-check.js'
export { type HttpCheckOptions, httpCheck } from './checks/http-check.js'
export { type MemoryCheckOptions, memoryCheck } from './checks/memory-check.js'
export type {
  CheckReport,
  HealthCheck,
  HealthCheckContext,
  HealthCheckOptions,
  HealthKind,
  HealthResult,
  HealthStatus,
} from './health-check.js'
export {
  type HealthDocument,
  type HealthDocumentCheck,
  type HealthIdentity,
  type HealthResponse,
  type HealthResponseOptions,
  healthDocument,
  healthResponse,
} from './health-document.js'
export {
  type HealthChange,
  type HealthChecks,
  type HealthRegistry,
  type HealthRegistryOptions,
  type HealthReport,
  healthRegistry,
} from './health-registry.js'
