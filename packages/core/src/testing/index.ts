export { adapterConformance } from './conformance/adapter-conformance.js'
export type { ConformanceProgram } from './conformance/child-service.js'
export type {
  ConformanceAdapter,
  ConformanceCall,
  ConformanceCase,
  ConformanceRoute,
} from './conformance/conformance-adapter.js'
export { type ProcessCase, processConformance } from './conformance/process-cases.js'
export {
  type ConsulRegistry,
  type ConsulRegistryOptions,
  type ConsulRegistryRequest,
  type ConsulRegistryService,
  consulRegistry,
} from './consul-registry/consul-registry.js'
export type {
  ConsulCheckDefinition,
  ConsulServiceDefinition,
  ConsulStatus,
} from './consul-registry/consul-types.js'
export { faultServer } from './fault-server/fault-server.js'
export type { FaultServer, ReceivedOptions } from './fault-server/fault-server-interface.js'
export type { FaultServerOptions } from './fault-server/options.js'
export type { Outcome, RecordedRequest } from './fault-server/request-log.js'
export type { FaultServerStats, RouteStats } from './fault-server/server-stats.js'
export { type AnswerOptions, answer } from './faults/answer.js'
export {
  type BrokenEncoding,
  brokenEncoding,
  gzipBomb,
  type OversizeOptions,
  oversize,
  type RedirectOptions,
  redirect,
  webPage,
} from './faults/body-faults.js'
export { type Capacity, type CapacityOptions, capacity } from './faults/capacity.js'
export { cycle, phases, type Stage, schedule, sometimes } from './faults/choices.js'
export {
  type CloseReusedOptions,
  closeReused,
  hangUp,
  reset,
  type StallOptions,
  stall,
} from './faults/connection-faults.js'
export { type Distribution, exponential, lognormal, uniform } from './faults/distribution.js'
export type { Behaviour, Exchange, Fault, Next } from './faults/fault.js'
export { garbage, type Malformation, malformations, malformed } from './faults/malformed.js'
export type { AnswerPoint, PartialAnswerOptions } from './faults/partial-answer.js'
export { type DripOptions, delay, drip } from './faults/slow-faults.js'
export { fetchTransport } from './fetch-transport/fetch-transport.js'
export {
  type KubernetesApi,
  type KubernetesApiOptions,
  kubernetesApi,
  type ServiceSlice,
} from './kubernetes-api/kubernetes-api.js'
export type { KubernetesEndpoint, KubernetesSlice } from './kubernetes-api/kubernetes-slice.js'
export { type ErrorReply, httpError } from './mock-client/http-error.js'
export { mockClient } from './mock-client/mock-client.js'
export { MockResponse, mockResponse } from './mock-client/mock-response.js'
export type {
  MockCall,
  MockClient,
  MockClientOptions,
  MockControls,
  MockHandler,
  MockHandlers,
  MockReply,
} from './mock-client/mock-types.js'
export {
  type ScriptedAnswer,
  type ScriptedRequest,
  scriptedTransport,
} from './scripted-transport/scripted-transport.js'
export { type Random, seededRandom } from './seeded-random.js'
