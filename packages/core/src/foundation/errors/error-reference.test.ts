import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as errors from './index.js'

const page = readFileSync(new URL('../../../../../docs/errors.md', import.meta.url), 'utf8')

/** The rows of the table below a heading, by the text of their cells. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(1).map((row) => row.slice(2, -2).split(' | '))
}

const classes = Object.values(errors).filter(
  (value): value is typeof errors.HoldfastError =>
    typeof value === 'function' && value.prototype instanceof errors.HoldfastError,
)

/** `CIRCUIT_OPEN` is the code of `CircuitOpenError`. */
function classNameOf(code: string): string {
  const words = code.match(/[A-Z]+/g) ?? []
  const name = words.map((word) => word.slice(0, 1) + word.slice(1).toLowerCase()).join('')
  return name.replace(/(Error|Status)?$/, 'Error')
}

describe('the error reference', () => {
  it('has the table of codes', () => {
    const documented = rowsBelow('Codes').map(([code, , meaning, retryable, status]) => [
      code,
      meaning,
      retryable,
      status,
    ])
    const known = Object.entries(errors.errorCodes).map(([code, { meaning, retryable, status }]) => [
      `\`${code}\``,
      meaning,
      retryable ? 'yes' : 'no',
      String(status),
    ])
    expect(documented).toEqual(known)
  })

  it('names every class beside its code', () => {
    const named = rowsBelow('Codes').map(([code = '', name]) => [name, `\`${classNameOf(code)}\``])
    for (const [name, expected] of named) expect(name).toBe(expected)
    const known = classes.map(({ name }) => `\`${name}\``)
    expect(named.map(([name]) => name).sort()).toEqual(known.sort())
  })

  it('knows what classes carry beyond the base', () => {
    const samples = [
      new errors.HttpError('', { status: 503, headers: {}, body: '', declared: false }),
      new errors.InvalidResponseError('', { status: 200, problems: [], snippet: '' }),
      new errors.InvalidInputError('', []),
      new errors.ConfigInvalidError('', []),
      new errors.CircuitOpenError(),
      new errors.RateLimitedError(),
      new errors.ConnectFailedError('', 'refused'),
      new errors.ConnectionLostError(''),
      new errors.DnsFailedError(''),
      new errors.ResponseTooLargeError(1),
    ]
    const base = new Set(Object.getOwnPropertyNames(new errors.AbortedError()))
    for (const sample of samples) {
      const row = page.split('\n').find((line) => /^\| `\w+Error`/.test(line) && line.includes(sample.name))
      const own = Object.getOwnPropertyNames(sample).filter((name) => !base.has(name))
      for (const name of own) expect(row, `${sample.name}.${name}`).toContain(`\`${name}\``)
    }
  })
})
