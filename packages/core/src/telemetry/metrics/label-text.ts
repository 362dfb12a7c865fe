/** The names and values of some labels, in one order. */
export type LabelValues = readonly string[]

const backslash = /\\/g
const newline = /\n/g
const quote = /"/g

/** A label value as the exposition formats write it. No two values come out the same. */
export function escapeLabelValue(value: string): string {
  return /[\\\n"]/.test(value)
    ? value.replace(backslash, '\\\\').replace(newline, '\\n').replace(quote, '\\"')
    : value
}

/** A help text on one line; the quote is escaped for OpenMetrics only. */
export function escapeHelp(help: string, openMetrics: boolean): string {
  const escaped = help.replace(backslash, '\\\\').replace(newline, '\\n')
  return openMetrics ? escaped.replace(quote, '\\"') : escaped
}

/**
 * `method="GET",route="/"`: what identifies a series. Two sets of values never give the same text, except that an
 * empty value is as good as none, which is how Prometheus sees it.
 */
export function labelText(names: readonly string[], values: LabelValues): string {
  let text = ''
  for (let index = 0; index < names.length; index++) {
    const value = values[index]
    if (value === undefined || value === '') continue
    text += `${text === '' ? '' : ','}${names[index]}="${escapeLabelValue(value)}"`
  }
  return text
}

/** The same as an object, for registries. */
export function labelObject(names: readonly string[], values: LabelValues): Record<string, string> {
  const labels: Record<string, string> = {}
  for (let index = 0; index < names.length; index++) {
    const name = names[index]
    const value = values[index]
    if (name !== undefined && value !== undefined && value !== '') labels[name] = value
  }
  return labels
}

const onePair = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The pairs of a label text whose names are not among `taken`, each with a comma in front. */
export function furtherLabels(text: string, taken: readonly string[]): string {
  let further = ''
  for (const [pair, name] of text.matchAll(onePair)) {
    if (name !== undefined && !taken.includes(name)) further += `,${pair}`
  }
  return further
}

/** A value as both formats write it. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}
