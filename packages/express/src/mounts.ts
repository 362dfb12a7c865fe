import { ConfigInvalidError } from '@holdfast/core'
import type { ServerRuntime } from '@holdfast/core/server'
import { type Layer, stackOf, type TrackedApp } from './express-internals.js'
import { rememberMounts } from './route-templates.js'

/** Enumerable and a text, since instrumentation that puts a function of its own in a handler's place copies only those. */
const runtimeName = 'holdfastRuntime'

interface Known {
  [runtimeName]?: ServerRuntime
}

/** Knows `middleware` as one that must be mounted first, once, and at the root. */
export function know(middleware: object, runtime: ServerRuntime): void {
  ;(middleware as Known)[runtimeName] = runtime
}

function runtimeIn(handle: unknown): ServerRuntime | undefined {
  return (handle as Known | undefined)?.[runtimeName]
}

/** Whether the middleware of a runtime is mounted on `app`. */
export function isMounted(app: unknown, runtime: ServerRuntime): boolean {
  if (typeof app !== 'function') return false
  const stack = stackOf(app as unknown as TrackedApp)
  checkStack(stack)
  return stack.some(({ handle }) => runtimeIn(handle) === runtime)
}

function checkStack(stack: readonly Layer[]): void {
  const [first, second] = stack.flatMap((layer, index) =>
    runtimeIn(layer.handle) !== undefined ? [index] : [],
  )
  if (first === undefined) return
  if (second !== undefined) refuse('is mounted twice on one application; mount it once')
  if (stack.slice(0, first).some(answers)) {
    refuse('is mounted after routes, which it would not see; mount it before everything else')
  }
}

/** Routes, routers and sub-applications answer; plain middleware in front of ours is the application's own affair. */
function answers({ handle, route }: Layer): boolean {
  const { name, stack } = handle as { readonly name?: string; readonly stack?: unknown }
  return route !== undefined || Array.isArray(stack) || name === 'mounted_app'
}

function refuse(message: string): never {
  throw new ConfigInvalidError('holdfast()', [{ path: 'app.use', message }])
}

rememberMounts((stack, path) => {
  if (runtimeIn(stack.at(-1)?.handle) === undefined) return
  if (path !== '/') refuse('has a path in front of it; mount it at the root')
  checkStack(stack)
})
