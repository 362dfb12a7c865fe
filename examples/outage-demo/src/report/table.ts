/** A column: its heading, in two lines, and whether its cells are words, which begin at its left edge. */
export interface Column {
  readonly heading: readonly [string, string]
  readonly words?: boolean
}

/** Rows in columns as wide as their widest cell. Numbers end at the right edge, so that they can be compared. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const headings = [0, 1].map((line) => columns.map(({ heading }) => heading[line] ?? ''))
  const all = [...headings, ...rows]
  const widths = columns.map((_, index) => Math.max(...all.map((row) => (row[index] ?? '').length)))
  const lines = all.map((cells) =>
    columns
      .map(({ words }, index) => {
        const cell = cells[index] ?? ''
        const width = widths[index] ?? 0
        return words ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
  const rule = '-'.repeat(Math.max(...lines.map(({ length }) => length)))
  return [...lines.slice(0, headings.length), rule, ...lines.slice(headings.length)].join('\n')
}
