export type { CloseHook, HookContext } from './close-hooks.js'
export type { ProcessEvents } from './process-exit.js'
export {
  createShutdown,
  type ServerRole,
  type Shutdown,
  type ShutdownOptions,
  type ShutdownResult,
  type WorkContext,
} from './shutdown.js'
export type { ShutdownTimes } from './shutdown-options.js'
