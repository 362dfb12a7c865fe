/**
 * The wings of @holdfast/core, and inside each its features, both in the order in which they may import: a wing imports
 * the wings above it, a feature the features of its wing above it. A feature may lie in another, as `faces/typed/versions`
 * does, and then comes before it. `docs/architecture.md` shows the same.
 */
export const wings = [
  { name: 'foundation', features: ['errors', 'config', 'priority', 'cancellation', 'events'] },
  {
    name: 'policies',
    features: [
      'kernel',
      'timeout',
      'retry',
      'circuit-breaker',
      'concurrency',
      'rate-limit',
      'hedge',
      'fallback',
      'chaos',
    ],
  },
  { name: 'http', features: ['message', 'transport'] },
  { name: 'contract', features: ['describe', 'encode', 'decode'] },
  { name: 'telemetry', features: ['events', 'context', 'logging', 'metrics', 'tracing', 'otel'] },
  { name: 'upstream', features: ['endpoints', 'discovery', 'traffic'] },
  {
    name: 'client',
    features: [
      'attempt',
      'slots',
      'options',
      'call',
      'settings',
      'destinations',
      'operation',
      'caching',
      'update',
      'faces/typed/versions',
      'faces/typed',
      'faces/fetch',
      'faces/interceptor',
    ],
  },
  { name: 'service', features: ['problems', 'health', 'lifecycle', 'admission', 'server', 'service'] },
  { name: 'testing' },
]
