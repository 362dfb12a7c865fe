import type { HttpRequest } from '../../http/message/index.js'

/** A body and what the request's headers say of it. */
export interface EncodedBody {
  readonly body: HttpRequest['body']
  readonly contentType: string
  readonly replayable: boolean
  /** Bytes, for a stream whose length is known. */
  readonly length?: number | undefined
}
