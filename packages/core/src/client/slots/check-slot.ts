import type { OptionCheck } from '../../foundation/config/index.js'

/** Tells `check` what `resolve` finds wrong with the options at `path`, or that they are no object. */
export function checkSlot<Options extends object>(
  check: OptionCheck,
  path: string,
  options: Options | false,
  resolve: (options: Options) => unknown,
): void {
  if (options === false) return
  check.nest(path, () => {
    if (check.object(path, options, Object.keys(Object(options)))) resolve(options)
  })
}

/** What an outcome means is decided by the client, which knows HTTP. */
export function refuseClassify(check: OptionCheck, path: string, options: object | false | undefined): void {
  if ((options as { readonly classify?: unknown } | undefined)?.classify === undefined) return
  check.add(`${path}.classify`, 'has no effect: a client judges by the HTTP outcome; leave it out')
}

/** What is no object of options is left as it is, for the check to refuse. */
export function inShadow<Options extends object>(
  shadow: boolean | undefined,
  options: Options | false,
): Options | false {
  return shadow === true && typeof options === 'object' && options !== null ? { shadow, ...options } : options
}
