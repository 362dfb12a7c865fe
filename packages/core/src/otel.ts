export {
  startTelemetry,
  type Telemetry,
  type TelemetryOptions,
  type TelemetryService,
} from './telemetry/otel/index.js'
