/** A column: its heading, and whether its cells are words, which begin at its left edge. */
export interface Column {
  readonly heading: string
  readonly words?: boolean
}

/** Rows in columns as wide as their widest cell. Numbers end at the right edge, so that they can be compared. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...rows.map((row) => (row[index] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map(({ words }, index) => {
        const cell = cells[index] ?? ''
        const width = widths[index] ?? 0
        return words ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [line(columns.map(({ heading }) => heading)), rule, ...rows.map(line)].join('\n')
}
