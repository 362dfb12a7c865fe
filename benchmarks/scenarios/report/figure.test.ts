import { describe, expect, it } from 'vitest'
import { thunderingHerd } from '../definitions/s06-herd.js'
import { overload } from '../definitions/s07-overload.js'
import type { Variant } from '../model/scenario.js'
import { drawFigure, meanSeries } from './figure.js'

const [variant] = overload.variants as readonly [Variant]

describe('drawFigure', () => {
  it('draws a line for each arm, a panel for each variant, and says what is on the axes', () => {
    const series = meanSeries([
      { arm: 'holdfast', values: [10, 20, 30] },
      { arm: 'undici.request', values: [5, 0, 0] },
    ])
    const svg = drawFigure(overload, [
      { variant, series },
      { variant, series },
    ])
    expect(svg.match(/<polyline/g)).toHaveLength(4)
    expect(svg).toContain('time in seconds')
    expect(svg).toContain('answers a second')
    expect(svg).toContain('<title>S7 Overload: answers within the deadline')
  })

  it('says what it shows where that is something else', () => {
    const [herd] = thunderingHerd.variants as readonly [Variant]
    const series = meanSeries([{ arm: 'holdfast', values: [1] }])
    const svg = drawFigure(thunderingHerd, [{ variant: herd, series }])
    expect(svg).toContain('<title>S6 Thundering herd: requests at the server')
    expect(svg).toContain('>requests at the server a second<')
  })

  it('escapes what is text', () => {
    const svg = drawFigure({ ...overload, title: 'a < b & c' }, [])
    expect(svg).toContain('a &#60; b &#38; c')
  })
})

describe('meanSeries', () => {
  it('takes the mean of the runs, in the order of the tables', () => {
    const series = meanSeries([
      { arm: 'cockatiel', values: [1, 1] },
      { arm: 'holdfast', values: [10, 20] },
      { arm: 'holdfast', values: [20, 20] },
    ])
    expect([...series]).toEqual([
      ['holdfast', [15, 20]],
      ['cockatiel', [1, 1]],
    ])
  })
})
