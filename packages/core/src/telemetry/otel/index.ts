export { startTelemetry, type Telemetry } from './start-telemetry.js'
export type { TelemetryOptions, TelemetryService } from './telemetry-options.js'
