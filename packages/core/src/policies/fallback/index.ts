export { type FallbackEvents, type FallbackFunction, type FallbackOptions, fallback } from './fallback.js'
