export { type ClientEvents, clientEventNames } from './client-events.js'
