import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from '@opentelemetry/api'

const instrumentationName = '@holdfast/core'

/** What a proxy gives as long as nobody has registered a provider. */
const noProvider: TracerProvider = new ProxyTracerProvider().getDelegate()

let known: TracerProvider = noProvider
let tracer: Tracer | undefined

/**
 * The tracer of the provider that is registered now; `undefined` without one, where nothing is to be traced.
 *
 * Asked for every span and never kept: a provider may be registered long after the service has started.
 */
export function activeTracer(): Tracer | undefined {
  const proxy = trace.getTracerProvider()
  const provider = proxy instanceof ProxyTracerProvider ? proxy.getDelegate() : proxy
  if (provider === noProvider) return undefined
  if (provider !== known) {
    known = provider
    tracer = provider.getTracer(instrumentationName)
  }
  return tracer
}
