export { preparePrototype, prepareToBind } from './bind-events.js'
export { Exchange, exchangeOf } from './exchange.js'
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
