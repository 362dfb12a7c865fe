import type { ResponseKind } from '../../contract/index.js'
import type { Emitter } from '../../foundation/events/index.js'
import type { HttpResponse } from '../../http/message/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import type { OperationObserver } from '../call/call-observer.js'
import type { OperationReads } from '../settings/read-settings.js'
import type { ClientReads } from './client-reads.js'

/** What is known of one operation whose answers may serve several calls, or whose writes outdate them. */
export interface ReadContext {
  readonly dependency: string
  readonly operation: string
  readonly method: string
  readonly responseKind: ResponseKind
  readonly settings: OperationReads & { readonly timeoutMs: number | false }
  /** Those of every request of the client. */
  readonly headers: Readonly<Record<string, string>>
  readonly events: Emitter<ClientEvents>
  readonly reads: ClientReads
  readonly observer: OperationObserver | undefined
  /** The data of a response; a promise only where reading it is asynchronous. */
  readonly decode: (received: HttpResponse) => unknown
}
