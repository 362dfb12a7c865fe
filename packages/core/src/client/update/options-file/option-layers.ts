import { type OptionCheck, show } from '../../../foundation/config/index.js'
import type { FileState } from './file-watch.js'

/** What a file lays over the options of each client, by the client's name. */
export type OptionLayersByClient = Readonly<Record<string, object>>

/** Reads what a file says; what is wrong with it is told to `check`. */
export function readLayers(
  check: OptionCheck,
  state: FileState,
  { names, isOptional }: { readonly names: readonly string[]; readonly isOptional: boolean },
): OptionLayersByClient {
  if (state.text === undefined) {
    if (isOptional && state.code === 'ENOENT') return {}
    const remedy = 'make sure that it is there and may be read'
    check.add('', `cannot be read (${state.code}); ${remedy}`)
    return {}
  }
  const parsed = parse(check, state.text)
  if (parsed === undefined || !check.object('', parsed, ['clients'])) return {}
  const { clients = {} } = parsed as { readonly clients?: unknown }
  if (!check.object('clients', clients, names)) return {}
  const layers = Object.entries(clients as Readonly<Record<string, unknown>>)
  for (const [name, options] of layers) check.object(`clients.${name}`, options, Object.keys(Object(options)))
  return Object.fromEntries(layers.filter(([, options]) => isObject(options))) as OptionLayersByClient
}

function parse(check: OptionCheck, text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (isObject(parsed)) return parsed
    check.add(
      '',
      `must hold an object such as { "clients": { "orders": { "timeoutMs": 500 } } }, not ${show(parsed)}`,
    )
  } catch {
    // The parser's own message quotes the file, which may hold secrets.
    check.add('', 'is no JSON; correct it')
  }
  return undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
