import { exchangeOf, preparePrototype } from '@holdfast/core/server'
import express from 'express'
import {
  type Layer,
  type RoutePath,
  stackOf,
  type TrackedApp,
  type TrackedRequest,
} from './express-internals.js'

/** The pattern that a layer was mounted with. Neither Express 4 nor early releases of 5 keep it. */
const patterns = new WeakMap<Layer, RoutePath>()
const followed = new WeakSet<object>()
const routeKey = Symbol('holdfast.route')

interface Tracked extends TrackedRequest {
  [routeKey]?: unknown
}

type Next = (error?: unknown) => void
type Handle = (this: Layer, request: Tracked, response: unknown, next: Next) => void
type HandleError = (this: Layer, error: unknown, request: Tracked, response: unknown, next: Next) => void

/** Has the exchange of each request to `app` know the template of the route that answers it. */
export function followRoutes(app: TrackedApp): void {
  if (followed.has(app)) return
  followed.add(app)
  preparePrototype(app.request)
  preparePrototype(app.response)
  const [layer] = stackOf(app)
  const requests = Object.getPrototypeOf(app.request) as object
  if (layer === undefined || followed.has(requests)) return
  followed.add(requests)
  captureRoute(requests)
  const layers = Object.getPrototypeOf(layer) as Record<string, Handle>
  const name = 'handleRequest' in layers ? 'handleRequest' : 'handle_request'
  layers[name] = following(layers[name] as Handle)
  const errorName = 'handleError' in layers ? 'handleError' : 'handle_error'
  layers[errorName] = noticing(layers[errorName] as never) as never
}

/** Notices what went wrong, also where handlers of the application's own answer it. */
function noticing(handle: HandleError): HandleError {
  return function (this: Layer, error, request, response, next) {
    notice(error, request)
    handle.call(this, error, request, response, next)
  }
}

function notice(error: unknown, request: Tracked): void {
  const exchange = exchangeOf(request)
  if (exchange !== undefined && exchange.error !== error) exchange.fail(error)
}

/** The router sets `route` when it has matched one: the only moment at which all mounts above it are known. */
function captureRoute(requests: object): void {
  Object.defineProperty(requests, 'route', {
    configurable: true,
    get(this: Tracked) {
      const exchange = exchangeOf(this)
      return exchange === undefined ? this[routeKey] : exchange.matched
    },
    set(this: Tracked, route: { readonly path?: RoutePath } | undefined) {
      const exchange = exchangeOf(this)
      if (exchange === undefined) {
        this[routeKey] = route
        return
      }
      exchange.matched = route
      if (route?.path !== undefined) exchange.route = joined(exchange.mounts, textOf(route.path))
    },
  })
}

/** Follows a request into mounts and out of them again, and out of routes that pass it on. */
function following(handle: Handle): Handle {
  return function (this: Layer, request, response, next) {
    if (this.route !== undefined) {
      handle.call(this, request, response, (error) => {
        const passesOn = error === undefined || error === null || error === 'route' || error === 'router'
        const exchange = exchangeOf(request)
        if (!passesOn) notice(error, request)
        else if (exchange !== undefined) exchange.route = undefined
        next(error)
      })
      return
    }
    // A handler inside of a route has no `route` of its own, nor a pattern.
    const pattern = 'route' in this ? mountPattern(this, request) : ''
    if (pattern === '') {
      handle.call(this, request, response, next)
      return
    }
    const exchange = exchangeOf(request)
    if (exchange === undefined) {
      handle.call(this, request, response, next)
      return
    }
    const outer = exchange.mounts
    exchange.mounts = outer + pattern
    handle.call(this, request, response, (error) => {
      exchange.mounts = outer
      next(error)
    })
  }
}

function mountPattern(layer: Layer, request: TrackedRequest): string {
  const path = patterns.get(layer) ?? layer.rawPath ?? guessed(layer, request)
  return textOf(path, withoutLastSlash)
}

/** Of a mount made before this module was loaded: its path as it came, the values of parameters by their names. */
function guessed({ path = '', params }: Layer, request: TrackedRequest): string {
  const entries = Object.entries(params ?? request.params ?? {})
  const names = new Map(entries.map(([name, value]) => [String(value), `:${name}`]))
  return path
    .split('/')
    .map((segment) => names.get(decoded(segment)) ?? segment.toLowerCase())
    .join('/')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function textOf(path: RoutePath, shape: (path: string) => string = String): string {
  if (Array.isArray(path)) return path.map((each) => textOf(each, shape)).join('|')
  return typeof path === 'string' ? shape(path) : String(path)
}

function withoutLastSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function joined(mount: string, path: string): string {
  return path === '/' && mount !== '' ? mount : mount + path
}

/** Told of each `use()`, once the layers are on the stack. */
type UseListener = (stack: readonly Layer[], path: RoutePath) => void

/** Remembers the pattern of each mount from now on. */
export function rememberMounts(onUse: UseListener): void {
  const { Router } = express as unknown as { readonly Router: { readonly prototype: object } & object }
  const routers = ('use' in Router.prototype ? Router.prototype : Router) as {
    use(this: { readonly stack: Layer[] }, ...args: unknown[]): unknown
  }
  const { use } = routers
  routers.use = function (...args) {
    const known = this.stack.length
    const result = use.apply(this, args)
    const path = isPath(args[0]) ? args[0] : '/'
    for (const layer of this.stack.slice(known)) patterns.set(layer, path)
    onUse(this.stack, path)
    return result
  }
}

function isPath(value: unknown): value is RoutePath {
  const first = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY)[0] : value
  return typeof first === 'string' || first instanceof RegExp
}
