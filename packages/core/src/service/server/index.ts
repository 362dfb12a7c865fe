export { preparePrototype, prepareToBind } from './bind-events.js'
export { Exchange, exchangeOf } from './exchange.js'
export type { RequestTurn } from './request-turn.js'
export { entityHeaders, sendProblem } from './send-problem.js'
export {
  announceChaos,
  type ChaosRequest,
  checkServerChaos,
  resolveServerChaos,
  type ServerChaosOption,
} from './server-chaos.js'
export {
  attachRuntime,
  runtimeOf,
  type ServerAdapter,
  ServerRuntime,
  type ServerRuntimeOptions,
} from './server-runtime.js'
