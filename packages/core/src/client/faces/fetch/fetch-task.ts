import type { Priority } from '../../../foundation/priority/index.js'
import type { ActiveContext } from '../../../telemetry/context/index.js'
import { type CalledOrigin, FetchCall, type FetchHop } from './fetch-call.js'
import type { FetchRequest } from './fetch-request.js'
import { requestPath } from './request-path.js'

/** A call and what it was asked for. */
export class FetchTask extends FetchCall {
  readonly asked: FetchRequest

  constructor(
    asked: FetchRequest,
    origin: CalledOrigin,
    startedAt: number,
    context: ActiveContext | undefined,
    priority: Priority | undefined,
  ) {
    super(firstHop(asked), origin, startedAt, context, priority)
    this.asked = asked
  }
}

function firstHop({ url, method, headers, body }: FetchRequest): FetchHop {
  return {
    url,
    origin: url.origin,
    path: requestPath(url),
    method,
    headers,
    body: body.body,
    replayable: body.replayable,
  }
}
