import type { Problem } from '../../foundation/errors/index.js'
import { scalarRemedy, scalarText } from './scalar-text.js'

/** A path such as `/orders/{id}`, taken apart once. */
export interface PathTemplate {
  /** The names in braces, in order. */
  readonly names: readonly string[]
  /** Alternately literal text and a name, beginning and ending with text. */
  readonly pieces: readonly string[]
  /** Whether a segment could come out as `.` or `..`. */
  readonly risky: boolean
}

/** Takes a path apart, reporting what is wrong with it. */
export function parsePath(path: string, report: (message: string) => void): PathTemplate {
  if (!path.startsWith('/')) report(`must start with '/', and '${path}' does not`)
  if (path.startsWith('//')) report("must not start with '//', which would name another host")
  const pieces = path.split(/\{([^{}]*)\}/)
  const names: string[] = []
  pieces.forEach((piece, index) => {
    if (index % 2 === 0) checkLiteral(piece, report)
    else {
      if (!/^[A-Za-z_][\w-]*$/.test(piece))
        report(`'{${piece}}' is not a field's name: use letters, digits, _ or -`)
      if (names.includes(piece))
        report(`has the name '${piece}' twice: give the second one a name of its own`)
      names.push(piece)
    }
  })
  // Every name becomes at least one character, so that a template segment of dots alone stays one.
  const segments = path.split('/')
  if (segments.some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    report("must not have '.' or '..' segments: write the path that they lead to")
  }
  return { names, pieces, risky: segments.some(couldBeDots) }
}

function checkLiteral(text: string, report: (message: string) => void): void {
  if (/[{}]/.test(text)) report('has an unbalanced brace: names are written {name}')
  else if (/[?#]/.test(text))
    report("must not contain '?' or '#': fields that are not in the path go to the query")
  else if (/[^!$&'()*+,\-./:;=@\w~%]|%(?![\dA-Fa-f]{2})/.test(text)) {
    report(`has characters that a URL cannot hold in '${text}': percent-encode them`)
  }
}

/** Whether the literal text of a segment with names is nothing but dots. */
function couldBeDots(segment: string): boolean {
  return segment.includes('{') && /^(?:\.|%2e)*$/i.test(segment.replace(/\{[^{}]*\}/g, ''))
}

/**
 * The path for these fields. Whatever they hold, the route stays the template's: values are percent-encoded, and
 * those that would make an empty, `.` or `..` segment are reported.
 */
export function encodePath(
  template: PathTemplate,
  fields: Readonly<Record<string, unknown>>,
  problems: Problem[],
): string {
  const { pieces, names } = template
  let path = pieces[0] ?? ''
  for (let index = 0; index < names.length; index++) {
    path += encodeName(names[index] as string, fields, problems) + (pieces[2 * index + 2] as string)
  }
  if (template.risky && problems.length === 0 && /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) {
    const dots = names.filter((name) => /^\.{1,2}$/.test(String(fields[name])))
    const message = "must not make a '.' or '..' segment of the path: it would change the route"
    problems.push({ path: dots.join(', '), message })
  }
  return path
}

function encodeName(name: string, fields: Readonly<Record<string, unknown>>, problems: Problem[]): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  const text = scalarText(value)
  if (text === undefined) {
    const message =
      value === undefined || value === null
        ? 'is in the path, so it must be given'
        : `is in the path: it ${scalarRemedy}`
    problems.push({ path: name, message })
    return ''
  }
  if (text === '') {
    problems.push({ path: name, message: 'is in the path, so it must not be empty' })
    return ''
  }
  return encodeText(name, text, problems)
}

/** Percent-encodes all but unreserved characters. */
export function encodeText(field: string, text: string, problems: Problem[]): string {
  try {
    return encodeURIComponent(text)
  } catch {
    problems.push({ path: field, message: 'is not well-formed text: it has half a surrogate pair' })
    return ''
  }
}
