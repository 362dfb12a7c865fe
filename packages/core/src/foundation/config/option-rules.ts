import { OptionCheck, type Range } from './option-check.js'

/** How one option is checked: tells `check` what is wrong with the value at `path`, and says whether it can be used. */
export type OptionRule = (check: OptionCheck, path: string, value: unknown) => boolean

/** The rule of every option. One that is missing does not compile. */
export type OptionRules<Options extends object> = { readonly [Name in keyof Options]-?: OptionRule }

/** The rules that options are put together from; all but `required` take `undefined` for an option that was not given. */
export const optionRule = Object.freeze({
  number:
    (range: Range = {}): OptionRule =>
    (check, path, value) =>
      check.number(path, value, range),
  /** A duration: by default more than zero, and what `setTimeout` can hold. */
  milliseconds:
    (range: Range = {}): OptionRule =>
    (check, path, value) =>
      check.milliseconds(path, value, range),
  boolean: (): OptionRule => (check, path, value) => check.boolean(path, value),
  function: (): OptionRule => (check, path, value) => check.function(path, value),
  oneOf:
    (values: readonly unknown[]): OptionRule =>
    (check, path, value) =>
      check.oneOf(path, value, values),
  /** `false`, or what `rule` takes. */
  orFalse:
    (rule: OptionRule): OptionRule =>
    (check, path, value) =>
      value === false || rule(check, path, value),
  /** What must be given; `remedy` says how. */
  required:
    (remedy: string, rule: OptionRule): OptionRule =>
    (check, path, value) =>
      value === undefined ? check.add(path, `is missing; ${remedy}`) : rule(check, path, value),
})

/** Checks each option at `path` by its rule, and that there are no others; says whether all can be used. */
export function checkByRules<Options extends object>(
  check: OptionCheck,
  path: string,
  options: Options | null | undefined,
  rules: OptionRules<Options>,
): boolean {
  const names = Object.keys(rules) as (keyof Options & string)[]
  if (!check.object(path, options, names)) return false
  let canBeUsed = true
  for (const name of names) {
    if (!rules[name](check, optionPath(path, name), options?.[name])) canBeUsed = false
  }
  return canBeUsed
}

/** Where the option `name` of what stands at `path` stands; `''` is the top. */
export function optionPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

/**
 * Checks a set of options as a whole.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` with everything that `run` has found.
 */
export function checkAll(subject: string, run: (check: OptionCheck) => void): void {
  const check = new OptionCheck(subject)
  run(check)
  check.done()
}
