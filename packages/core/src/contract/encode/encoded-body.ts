import type { EncodedRequest } from '../describe/compiled-operation.js'

/** A body and what the request's headers say of it. */
export interface EncodedBody {
  readonly body: EncodedRequest['body']
  readonly contentType: string
  readonly replayable: boolean
  /** Bytes, for a stream whose length is known. */
  readonly length?: number | undefined
}
