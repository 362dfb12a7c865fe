export { type ClientEvents, clientEventNames } from '../../telemetry/events/index.js'
