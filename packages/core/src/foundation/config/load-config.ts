import { z } from 'zod'
import {
  type ConfigFile,
  type Found,
  readConfigFile,
  type Source,
  TextSource,
} from './load-config-sources.js'
import { missedKind } from './load-config-text.js'
import { type Shape, shapeOf, type Variable, variableName, variablesOf } from './load-config-variables.js'
import { OptionCheck } from './option-check.js'
import { withoutValues } from './secret.js'

/** Options of `loadConfig`. */
export interface LoadConfigOptions {
  /**
   * The variables.
   * @default process.env
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /**
   * Files of settings: JSON if the name ends in `.json`, else lines of `NAME=value`. A later file overrides an earlier
   * one, and a variable of `env` overrides all of them.
   * @default []
   */
  readonly files?: readonly ConfigFile[] | undefined
}

/**
 * Reads the configuration of a service from its environment, once, at start. Each field of the schema is set by the
 * variable of its name in upper snake case: `databaseUrl` by `DATABASE_URL`, `poolSize` inside of `database` by
 * `DATABASE_POOL_SIZE`. `DATABASE_URL_FILE` may name a file that holds the value, as Docker and Kubernetes mount
 * secrets. Numbers, booleans and lists (`a,b,c`) are read as the schema asks for them.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` with everything that is missing or wrong, by variable, without any value.
 * @example
 * ```ts
 * import { loadConfig, secret } from '@holdfast/core'
 * import { z } from 'zod'
 *
 * const config = loadConfig(
 *   z.object({ port: z.number().int().default(3000), databasePassword: secret() }),
 *   { env: { PORT: '8080', DATABASE_PASSWORD: 'hunter2' } },
 * )
 * console.log(config) // { port: 8080, databasePassword: [secret] }
 * ```
 */
export function loadConfig<Schema extends z.ZodType<object>>(
  schema: Schema,
  options: LoadConfigOptions = {},
): z.output<Schema> {
  const check = new OptionCheck('loadConfig()')
  checkOptions(options, check)
  const shape = shapeOf(schema)
  if (shape === undefined) check.add('schema', 'must be a z.object() of zod 4')
  check.done()
  const variables = variablesOf(shape ?? {})
  refuseCollisions(variables, check)
  check.done()

  const found = findAll(variables, sourcesOf(options, variables, check), check)
  const parsed = parse(schema, inputOf(shape ?? {}, found), check, found)
  check.done()
  return parsed as z.output<Schema>
}

function checkOptions(options: LoadConfigOptions, check: OptionCheck): void {
  if (!check.object('', options, ['env', 'files'])) return
  const { env, files } = options
  if (env !== undefined && (typeof env !== 'object' || env === null)) check.add('env', 'must be an object')
  if (files === undefined) return
  if (!Array.isArray(files)) {
    check.add('files', 'must be a list of paths')
    return
  }
  for (const [index, file] of files.entries()) {
    if (typeof file === 'string') continue
    const path = `files.${index}`
    if (!check.object(path, file, ['path', 'optional'])) continue
    if (typeof file?.path !== 'string') check.add(`${path}.path`, 'must be a path')
    check.boolean(`${path}.optional`, file?.optional)
  }
}

function refuseCollisions(variables: readonly Variable[], check: OptionCheck): void {
  const fields = new Map<string, string>()
  for (const { name, path } of variables) {
    const field = path.join('.')
    const other = fields.get(name)
    if (other !== undefined) check.add(field, `is set by ${name}, and so is ${other}; rename one of them`)
    fields.set(name, field)
  }
}

/** Strongest first. */
function sourcesOf(
  { env = process.env, files = [] }: LoadConfigOptions,
  variables: readonly Variable[],
  check: OptionCheck,
): readonly Source[] {
  const declared = new Set(variables.map(({ name }) => name))
  const fromFiles = files.map((file) => readConfigFile(file, variables, check)).reverse()
  const sources = [new TextSource(env, 'the environment', declared), ...fromFiles]
  return sources.filter((source) => source !== undefined)
}

type Findings = ReadonlyMap<Variable, Found | undefined>

function findAll(variables: readonly Variable[], sources: readonly Source[], check: OptionCheck): Findings {
  return new Map(
    variables.map((variable) => {
      for (const source of sources) {
        const found = source.find(variable, check)
        if (found !== undefined) return [variable, judged(variable, found, check)]
      }
      return [variable, undefined]
    }),
  )
}

/** Refuses what a schema that coerces would take for something that nobody has written. */
function judged({ name, schema }: Variable, found: Found, check: OptionCheck): Found {
  const kind = found.origin === undefined ? undefined : missedKind(found.value, schema)
  if (kind === undefined) return found
  check.add(name, `must be a ${kind}; correct it in ${found.origin}`)
  return { value: undefined, origin: undefined }
}

/** What the schema parses. */
function inputOf(shape: Shape, found: Findings): Record<string, unknown> {
  const input = emptyObjects(shape)
  for (const [{ path }, finding] of found) {
    if (finding?.value === undefined) continue
    let target = input
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(target, key)) target[key] = {}
      target = target[key] as Record<string, unknown>
    }
    target[path.at(-1) ?? ''] = finding.value
  }
  return input
}

/** An object that may not be left out is there even if empty, so that what it misses is said by name. */
function emptyObjects(shape: Shape): Record<string, unknown> {
  const nested = Object.entries(shape).flatMap(([key, field]): [string, unknown][] => {
    const inner = shapeOf(field)
    return inner === undefined ? [] : [[key, emptyObjects(inner)]]
  })
  return Object.fromEntries(nested)
}

function parse(schema: z.ZodType, input: object, check: OptionCheck, found: Findings): unknown {
  try {
    const result = z.safeParse(schema, input)
    if (result.success) return result.data
    for (const issue of result.error.issues) addIssue(issue, check, found)
  } catch {
    addThrown(check, found)
  }
  return undefined
}

function addIssue(issue: z.core.$ZodIssue, check: OptionCheck, found: Findings): void {
  const [variable, finding] = lookUp(issue.path, found)
  if (variable === undefined) {
    check.add(variableName(issue.path), clean(issue.message, found))
    return
  }
  // Said already, by the source.
  if (finding !== undefined && finding.origin === undefined) return
  const { name, isSecret } = variable
  if (finding === undefined && (isSecret || issue.code !== 'custom')) {
    check.add(name, `is not set; set ${name}, or ${name}_FILE to the path of a file that holds it`)
    return
  }
  const problem = issue.code === 'invalid_type' ? `must be a ${issue.expected}` : clean(issue.message, found)
  check.add(name, finding === undefined ? problem : `${problem}; correct it in ${finding.origin}`)
}

function lookUp(
  path: readonly PropertyKey[],
  found: Findings,
): readonly [Variable | undefined, Found | undefined] {
  for (const [variable, finding] of found) {
    if (variable.path.every((key, index) => path[index] === key)) return [variable, finding]
  }
  return [undefined, undefined]
}

/** A message of the schema's author, without the secrets that it may hold. */
function clean(message: string, found: Findings): string {
  const secrets = [...found].filter(([{ isSecret }]) => isSecret).map(([, finding]) => finding?.value)
  return withoutValues(message, secrets)
}

/** A transform or check threw, or is asynchronous. Its error may hold the value, so only the variable is named. */
function addThrown(check: OptionCheck, found: Findings): void {
  const message = 'made its schema throw; let the schema add an issue instead, and do nothing asynchronous'
  const culprits = [...found].filter(([variable, finding]) => throws(variable.field, finding?.value))
  for (const [{ name }] of culprits) check.add(name, message)
  if (culprits.length === 0)
    check.add('schema', 'threw; let it add an issue instead, and do nothing asynchronous')
}

function throws(schema: z.core.$ZodType, value: unknown): boolean {
  try {
    z.safeParse(schema, value)
    return false
  } catch {
    return true
  }
}
