export { frameworkErrors } from './framework-errors.js'
export { type HoldfastOptions, holdfast } from './holdfast.js'
