export { adapterConformance } from './testing/adapter-kit/adapter-conformance.js'
export type { ConformanceProgram } from './testing/adapter-kit/child-service.js'
export type {
  ConformanceAdapter,
  ConformanceCall,
  ConformanceCase,
  ConformanceRoute,
} from './testing/adapter-kit/conformance-adapter.js'
export { type ProcessCase, processConformance } from './testing/adapter-kit/process-cases.js'
export {
  type ConsulRegistry,
  type ConsulRegistryOptions,
  type ConsulRegistryRequest,
  type ConsulRegistryService,
  consulRegistry,
} from './testing/consul-registry/consul-registry.js'
export type {
  ConsulCheckDefinition,
  ConsulServiceDefinition,
  ConsulStatus,
} from './testing/consul-registry/consul-types.js'
export { faultServer } from './testing/fault-server/fault-server.js'
export type { FaultServer, ReceivedOptions } from './testing/fault-server/fault-server-interface.js'
export type { FaultServerOptions } from './testing/fault-server/options.js'
export type { Outcome, RecordedRequest } from './testing/fault-server/request-log.js'
export type { FaultServerStats, RouteStats } from './testing/fault-server/server-stats.js'
export { type AnswerOptions, answer } from './testing/faults/answer.js'
export {
  type BrokenEncoding,
  brokenEncoding,
  gzipBomb,
  type OversizeOptions,
  oversize,
  type RedirectOptions,
  redirect,
  webPage,
} from './testing/faults/body-faults.js'
export { type Capacity, type CapacityOptions, capacity } from './testing/faults/capacity.js'
export { cycle, phases, type Stage, schedule, sometimes } from './testing/faults/choices.js'
export {
  type CloseReusedOptions,
  closeReused,
  hangUp,
  reset,
  type StallOptions,
  stall,
} from './testing/faults/connection-faults.js'
export { type Distribution, exponential, lognormal, uniform } from './testing/faults/distribution.js'
export type { Behaviour, Exchange, Fault, Next } from './testing/faults/fault.js'
export { garbage, type Malformation, malformations, malformed } from './testing/faults/malformed.js'
export type { AnswerPoint, PartialAnswerOptions } from './testing/faults/partial-answer.js'
export { type DripOptions, delay, drip } from './testing/faults/slow-faults.js'
export { fetchTransport } from './testing/fetch-transport/fetch-transport.js'
export {
  type KubernetesApi,
  type KubernetesApiOptions,
  kubernetesApi,
  type ServiceSlice,
} from './testing/kubernetes-api/kubernetes-api.js'
export type { KubernetesEndpoint, KubernetesSlice } from './testing/kubernetes-api/kubernetes-slice.js'
export { type ErrorReply, httpError } from './testing/mock-client/http-error.js'
export { mockClient } from './testing/mock-client/mock-client.js'
export { MockResponse, mockResponse } from './testing/mock-client/mock-response.js'
export type {
  MockCall,
  MockClient,
  MockClientOptions,
  MockControls,
  MockHandler,
  MockHandlers,
  MockReply,
} from './testing/mock-client/mock-types.js'
export {
  type ScriptedAnswer,
  type ScriptedRequest,
  scriptedTransport,
} from './testing/scripted-transport/scripted-transport.js'
export { type Random, seededRandom } from './testing/seeded-random.js'
