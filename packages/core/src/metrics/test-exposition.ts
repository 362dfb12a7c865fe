/** A sample of an exposition, read back. */
export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar: string | undefined
}

const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)(?: # (\{.*\} \S+ \S+))?$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)"(?:,|$)/y

/** Reads the text formats as their grammar has it, and refuses what does not fit or comes twice. */
export function parseExposition(text: string): {
  readonly samples: readonly ParsedSample[]
  readonly types: ReadonlyMap<string, string>
} {
  const types = new Map<string, string>()
  const seen = new Set<string>()
  const samples: ParsedSample[] = []
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line)
    if (type?.[1] !== undefined && type[2] !== undefined) {
      if (types.has(type[1])) throw new Error(`TYPE of ${type[1]} comes twice`)
      types.set(type[1], type[2])
    }
    if (line === '' || line.startsWith('#')) continue
    const parsed = parseSample(line)
    const key = JSON.stringify([parsed.name, Object.entries(parsed.labels).sort()])
    if (seen.has(key)) throw new Error(`comes twice: ${line}`)
    seen.add(key)
    samples.push(parsed)
  }
  return { samples, types }
}

function parseSample(line: string): ParsedSample {
  const [, name, labels = '', value, exemplar] = sample.exec(line) ?? []
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`)
  const read = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)
  return { name, labels: parseLabels(labels), value: read, exemplar }
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  label.lastIndex = 0
  while (label.lastIndex < text.length) {
    const [, name, value] = label.exec(text) ?? []
    if (name === undefined || value === undefined) throw new Error(`no labels: ${text}`)
    if (name in labels) throw new Error(`label ${name} comes twice: ${text}`)
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

/** All chunks of an exposition. */
export async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += chunk
  return text
}
