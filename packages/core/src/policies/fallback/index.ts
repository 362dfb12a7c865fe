export { type FallbackEvents, fallback } from './fallback.js'
export type { FallbackFunction, FallbackOptions } from './options.js'
