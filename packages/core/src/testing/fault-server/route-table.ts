import type { OptionCheck } from '../../foundation/config/index.js'
import type { Behaviour } from '../faults/fault.js'

/** A route as it was given, and what it does now. */
export interface Route {
  readonly pattern: string
  readonly behaviour: Behaviour
}

interface CompiledRoute extends Route {
  readonly method: string | undefined
  readonly path: RegExp
}

const patternSyntax = /^(?:([A-Z]+) )?(\/[^\s?#]*|\*)$/

/** Adds what is wrong with a route's pattern. */
export function checkPattern(check: OptionCheck, path: string, pattern: string): void {
  if (!patternSyntax.test(pattern)) {
    check.add(
      path,
      "is no route; write it like 'GET /orders/{id}', '/orders/*' for any method, or '*' for the rest",
    )
  }
}

/** Routes in the order in which they were given; `*` comes last. */
export class RouteTable {
  #routes: CompiledRoute[] = []

  constructor(routes: Readonly<Record<string, Behaviour>>) {
    for (const [pattern, behaviour] of Object.entries(routes)) this.set(pattern, behaviour)
  }

  get all(): readonly Route[] {
    return this.#routes
  }

  set(pattern: string, behaviour: Behaviour): void {
    const route = compile(pattern, behaviour)
    const index = this.#routes.findIndex((one) => one.pattern === pattern)
    if (index === -1) this.#routes.push(route)
    else this.#routes[index] = route
    const isRest = (one: CompiledRoute) => one.pattern.endsWith('*') && !one.pattern.includes('/')
    this.#routes = [...this.#routes.filter((one) => !isRest(one)), ...this.#routes.filter(isRest)]
  }

  find(method: string, url: string): Route | undefined {
    const end = url.search(/[?#]/)
    const path = end === -1 ? url : url.slice(0, end)
    return this.#routes.find((route) => takesMethod(route, method) && route.path.test(path))
  }
}

function takesMethod(route: CompiledRoute, method: string): boolean {
  return (
    route.method === undefined || route.method === method || (method === 'HEAD' && route.method === 'GET')
  )
}

function compile(pattern: string, behaviour: Behaviour): CompiledRoute {
  const [, method, path = '*'] = patternSyntax.exec(pattern) ?? []
  return { pattern, behaviour, method, path: pathPattern(path) }
}

function pathPattern(path: string): RegExp {
  if (path === '*') return /^/
  const source = path
    .split('/')
    .map((segment) =>
      /^\{[^{}]+\}$/.test(segment) ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('/')
  return new RegExp(`^${source.replace(/\/\\\*$/, '(?:/.*)?')}$`)
}
