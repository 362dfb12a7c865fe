export { createService } from './create-service.js'
export type {
  FastifyLike,
  Listening,
  ListenOptions,
  ListenTarget,
  SelfListening,
  Service,
} from './service.js'
export type { ServiceHealthOptions, ServiceOptions } from './service-options.js'
