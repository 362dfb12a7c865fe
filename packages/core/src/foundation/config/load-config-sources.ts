import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { valueOfText } from './load-config-text.js'
import type { Variable } from './load-config-variables.js'
import type { OptionCheck } from './option-check.js'

/** A file of settings: its path, or its path and whether it may be missing. */
export type ConfigFile = string | { readonly path: string; readonly optional?: boolean | undefined }

/** A variable's value, and where it stands. */
export interface Found {
  readonly value: unknown
  /** `undefined` when it was set wrongly, which has been said. */
  readonly origin: string | undefined
}

/** Somewhere that variables are set. */
export interface Source {
  find(variable: Variable, check: OptionCheck): Found | undefined
}

/** `DB_PASSWORD` or the file that `DB_PASSWORD_FILE` names. An empty variable counts as not set. */
export class TextSource implements Source {
  readonly #values: Readonly<Record<string, string | undefined>>
  readonly #origin: string
  /** Names that are variables themselves: `TLS_KEY_FILE` of a field `tlsKeyFile` names no file of `TLS_KEY`. */
  readonly #declared: ReadonlySet<string>

  constructor(
    values: Readonly<Record<string, string | undefined>>,
    origin: string,
    declared: ReadonlySet<string>,
  ) {
    this.#values = values
    this.#origin = origin
    this.#declared = declared
  }

  find({ name, schema }: Variable, check: OptionCheck): Found | undefined {
    const text = this.#text(name)
    const pointer = `${name}_FILE`
    const path = this.#declared.has(pointer) ? undefined : this.#text(pointer)
    if (path === undefined) {
      return text === undefined ? undefined : { value: valueOfText(text, schema), origin: this.#origin }
    }
    if (text !== undefined) {
      check.add(name, `is set, and ${pointer} too, in ${this.#origin}; unset one of them`)
      return { value: undefined, origin: undefined }
    }
    const content = readSecret(path, pointer, check)
    if (content === undefined) return { value: undefined, origin: undefined }
    return { value: valueOfText(content, schema), origin: `the file that ${pointer} names` }
  }

  #text(name: string): string | undefined {
    const text = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
    return text === '' ? undefined : text
  }
}

/** A JSON file, whose keys are those of the schema. */
class JsonSource implements Source {
  readonly #content: unknown
  readonly #origin: string

  constructor(content: unknown, origin: string) {
    this.#content = content
    this.#origin = origin
  }

  find({ path, schema }: Variable): Found | undefined {
    let value: unknown = this.#content
    for (const key of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
      value = (value as Record<string, unknown>)[key]
    }
    if (value === undefined) return undefined
    return { value: typeof value === 'string' ? valueOfText(value, schema) : value, origin: this.#origin }
  }

  /** Says which keys the schema does not know: a typing mistake would go unseen otherwise. */
  checkKeys(variables: readonly Variable[], check: OptionCheck): void {
    const visit = (value: unknown, above: readonly string[]): void => {
      const below = variables.filter(({ path }) => above.every((key, index) => path[index] === key))
      if (below.some(({ path }) => path.length === above.length)) return
      const keys = [...new Set(below.map(({ path }) => path[above.length] ?? ''))]
      if (!check.object([this.#origin, ...above].join('.'), value, keys)) return
      for (const key of keys) {
        const nested = Object.hasOwn(value as object, key)
          ? (value as Record<string, unknown>)[key]
          : undefined
        if (nested !== undefined) visit(nested, [...above, key])
      }
    }
    visit(this.#content, [])
  }
}

/** Reads one of `files`; `undefined` when there is nothing in it to use. */
export function readConfigFile(
  file: ConfigFile,
  variables: readonly Variable[],
  check: OptionCheck,
): Source | undefined {
  const { path, optional = false } = typeof file === 'string' ? { path: file } : file
  const text = readText(path)
  if (text.content === undefined) {
    if (!(optional && text.code === 'ENOENT')) check.add(path, `cannot be read: ${text.code}`)
    return undefined
  }
  if (!path.endsWith('.json')) {
    const declared = new Set(variables.map(({ name }) => name))
    return new TextSource(
      parseEnv(text.content.replaceAll('\r\n', '\n')) as Record<string, string>,
      path,
      declared,
    )
  }
  try {
    const source = new JsonSource(JSON.parse(text.content), path)
    source.checkKeys(variables, check)
    return source
  } catch {
    // The parser's own message quotes the file, which may hold secrets.
    check.add(path, 'is no JSON; correct it, or give a .env file another ending than .json')
    return undefined
  }
}

function readSecret(path: string, pointer: string, check: OptionCheck): string | undefined {
  const { content, code } = readText(path)
  if (content === undefined) {
    check.add(pointer, `names a file that cannot be read: ${code}; correct the path or its permissions`)
    return undefined
  }
  const value = content.replace(/\r?\n$/, '')
  if (value !== '') return value
  check.add(pointer, 'names an empty file; write the value into it')
  return undefined
}

/**
 * A file's text without its byte order mark, which would be part of the first name or value: editors of Windows begin
 * files with one, and PowerShell writes UTF-16.
 */
function textOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe' || mark === 'feff') {
    return new TextDecoder(mark === 'fffe' ? 'utf-16le' : 'utf-16be').decode(bytes)
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}

function readText(path: string): { readonly content: string | undefined; readonly code: string } {
  try {
    return { content: textOf(readFileSync(path)), code: '' }
  } catch (error) {
    return { content: undefined, code: (error as NodeJS.ErrnoException).code ?? 'unknown error' }
  }
}
