import type { IncomingMessage } from 'node:http'

/** What a route or a mount was given as its path. */
export type RoutePath = string | RegExp | readonly RoutePath[]

/** A place in a router's stack. */
export interface Layer {
  readonly handle: unknown
  /** Of a route; a mount has `undefined`, and a handler inside of a route does not have it at all. */
  readonly route?: { readonly path: RoutePath } | undefined
  /** Since Express 5.3. */
  readonly rawPath?: RoutePath
  /** What matched, before Express 5.3. */
  readonly path?: string
  readonly params?: Readonly<Record<string, unknown>>
}

export interface TrackedRequest extends IncomingMessage {
  readonly app: TrackedApp
  readonly params?: Readonly<Record<string, unknown>>
}

/** An Express application, 4 or 5. */
export interface TrackedApp {
  readonly request: object
  readonly response: object
  /** Express 4; its `router` throws. */
  readonly _router?: { readonly stack: readonly Layer[] }
  readonly router?: { readonly stack: readonly Layer[] }
}

/** The layers of an application. */
export function stackOf(app: TrackedApp): readonly Layer[] {
  return (app._router ?? app.router)?.stack ?? []
}
