export { type ErrorHandler, errorHandler } from './error-handler.js'
export { type Handler, holdfast, type Next } from './holdfast.js'
