import { describe, expect, it } from 'vitest'
import { parseCommandLine } from './command-line.js'

describe('parseCommandLine', () => {
  it('has defaults', () => {
    expect(parseCommandLine([])).toEqual({ help: false, fast: false, json: undefined, seed: 1 })
  })

  it('reads every option', () => {
    const args = ['--help', '--fast', '--json', 'out.json', '--seed', '7']
    expect(parseCommandLine(args)).toEqual({ help: true, fast: true, json: 'out.json', seed: 7 })
  })

  it.each([['--seed', 'x'], ['--slow'], ['extra'], ['--json']])('refuses %s %s', (...args) => {
    expect(() => parseCommandLine(args)).toThrow()
  })
})
