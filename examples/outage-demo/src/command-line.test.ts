import { describe, expect, it } from 'vitest'
import { parseCommandLine } from './command-line.js'

describe('parseCommandLine', () => {
  it('has defaults', () => {
    const defaults = { help: false, phaseMs: undefined, json: undefined, keep: false, seed: 1 }
    expect(parseCommandLine([])).toEqual(defaults)
  })

  it('reads every option', () => {
    const args = ['--help', '--fast', '--json', 'out.json', '--seed', '7', '--keep']
    expect(parseCommandLine(args)).toEqual({
      help: true,
      phaseMs: 3_000,
      json: 'out.json',
      keep: true,
      seed: 7,
    })
    expect(parseCommandLine(['--phase', '0.5']).phaseMs).toBe(500)
  })

  it.each([
    ['--seed', 'x'],
    ['--slow'],
    ['extra'],
    ['--json'],
    ['--phase', 'x'],
    ['--phase', '0'],
    ['--fast', '--phase', '2'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseCommandLine(args)).toThrow()
  })
})
