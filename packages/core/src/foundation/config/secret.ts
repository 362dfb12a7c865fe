import { inspect } from 'node:util'
import { z } from 'zod'

const shown = '[secret]'

/**
 * A value that shows itself nowhere: logs, JSON, `util.inspect`, template strings and error messages say `[secret]`.
 * Only `reveal()` gives it.
 *
 * @example
 * ```ts
 * import { Secret } from '@holdfast/core'
 *
 * const password = new Secret('hunter2')
 * console.log(`${password}`, JSON.stringify({ password })) // [secret] {"password":"[secret]"}
 * console.log(password.reveal().length) // 7
 * ```
 */
export class Secret<Value = string> {
  readonly #value: Value

  constructor(value: Value) {
    this.#value = value
  }

  /** The value itself. Call it where the value is used, and keep what it gives nowhere. */
  reveal(): Value {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.toPrimitive](): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}

/** The schema inside of each `secret()`, which says what kind of value it takes. */
const innerSchemas = new WeakMap<object, z.core.$ZodType>()

/** The schema that `secret()` was given; `undefined` when `schema` is not of its making. */
export function schemaInSecret(schema: object): z.core.$ZodType | undefined {
  return innerSchemas.get(schema)
}

/**
 * A zod schema that checks a value by `schema`, and gives it as a `Secret`. What is wrong with the value is said
 * without the value, whatever the messages of `schema` hold.
 *
 * @param schema - what the value must be; by default a string that is not empty
 * @example
 * ```ts
 * import { loadConfig, secret } from '@holdfast/core'
 * import { z } from 'zod'
 *
 * const config = loadConfig(z.object({ apiKey: secret(z.string().min(8)) }), { env: { API_KEY: 'k-1234567' } })
 * console.log(config) // { apiKey: [secret] }
 * ```
 */
export function secret(): z.ZodType<Secret, unknown>
export function secret<Schema extends z.ZodType>(schema: Schema): z.ZodType<Secret<z.output<Schema>>, unknown>
export function secret(schema: z.ZodType = z.string().min(1)): z.ZodType<Secret<unknown>, unknown> {
  const wrapped = z.transform((value: unknown, context) => {
    const result = parse(schema, value)
    if (result.success) return new Secret(result.data)
    for (const { message, path } of result.issues) {
      context.issues.push({
        code: 'custom',
        message: withoutValues(message, [value]),
        path: [...path],
        input: shown,
      })
    }
    return z.NEVER
  })
  innerSchemas.set(wrapped, schema)
  return wrapped
}

interface Issue {
  readonly message: string
  readonly path: readonly PropertyKey[]
}

/** A transform that throws must not: the errors of `new URL()` and its like hold what they were given. */
function parse(
  schema: z.ZodType,
  value: unknown,
): { success: true; data: unknown } | { success: false; issues: readonly Issue[] } {
  try {
    const result = schema.safeParse(value)
    return result.success ? result : { success: false, issues: result.error.issues }
  } catch (error) {
    const name = error instanceof Error ? error.name : 'an error'
    return { success: false, issues: [{ message: `its schema threw ${name}`, path: [] }] }
  }
}

/** `text` without any of the values that are strings, or the text of numbers. */
export function withoutValues(text: string, values: Iterable<unknown>): string {
  let clean = text
  for (const value of values) {
    const found = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
    for (const form of [found, found.trim()]) if (form !== '') clean = clean.replaceAll(form, shown)
  }
  return clean
}
