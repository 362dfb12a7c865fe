import type { AttributeValue } from '@opentelemetry/api'

/** The spans that Holdfast makes by itself. */
export type SpanName = 'server' | 'attempt' | 'operation'

/** What one attribute is for. */
export interface SpanAttributeInfo {
  /** The spans that can carry it. */
  readonly on: readonly SpanName[]
  /** One phrase, for people. */
  readonly meaning: string
}

const attribute = (on: readonly SpanName[], meaning: string): SpanAttributeInfo =>
  Object.freeze({ on, meaning })

/** Every attribute of the spans that Holdfast makes. The table in the documentation is this one. */
export const spanAttributes = Object.freeze({
  'http.request.method': attribute(
    ['server', 'attempt'],
    'the method; `_OTHER` for one that HTTP does not know',
  ),
  'http.request.method_original': attribute(['server', 'attempt'], 'the method as sent, when it is another'),
  'http.request.resend_count': attribute(
    ['attempt'],
    'which repetition it is, from 1; absent on the first attempt',
  ),
  'http.response.status_code': attribute(
    ['server', 'attempt'],
    'the status; 499 when the caller left before it',
  ),
  'http.route': attribute(['server'], 'the template of the route; absent when none matched'),
  'error.type': attribute(
    ['server', 'attempt', 'operation'],
    'the error status, the code of a `HoldfastError`, or the name of another error',
  ),
  'url.full': attribute(['attempt'], 'the URL, credentials and secrets in the query redacted'),
  'url.template': attribute(['attempt'], 'the path template of the contract'),
  'url.scheme': attribute(['server'], '`http` or `https`'),
  'url.path': attribute(['server'], 'the path'),
  'url.query': attribute(['server'], 'the query without its `?`, secrets redacted'),
  'server.address': attribute(
    ['server', 'attempt'],
    "the host: of `baseUrl` on attempts, the dependency's name where it has `endpoints`, of the caller's `host` header on the server",
  ),
  'server.port': attribute(['server', 'attempt'], 'the port that goes with it'),
  'network.peer.address': attribute(['attempt'], 'the address of the endpoint, where its URL holds one'),
  'network.peer.port': attribute(['attempt'], 'the port that goes with it'),
  'network.protocol.version': attribute(['server'], '`1.1` or `2`'),
  'user_agent.original': attribute(['server'], "the caller's `user-agent`"),
  'holdfast.dependency': attribute(['attempt', 'operation'], 'the dependency, as in metrics and logs'),
  'holdfast.operation': attribute(['attempt', 'operation'], 'the operation of the contract'),
  'holdfast.attempts': attribute(['operation'], 'how many attempts were made'),
  'holdfast.refusal': attribute(
    ['server'],
    'why [admission](admission.md) did not let the request in, or `chaos`',
  ),
} satisfies Record<string, SpanAttributeInfo>)

/** The attributes of one span. */
export type SpanAttributeValues = { -readonly [Name in keyof typeof spanAttributes]?: AttributeValue }
