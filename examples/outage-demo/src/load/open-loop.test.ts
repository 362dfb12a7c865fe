import { describe, expect, it } from 'vitest'
import { openLoop } from './open-loop.js'

describe('openLoop', () => {
  it('fires what is due and waits for nothing else', async () => {
    const startedAt = performance.now()
    const fired: number[] = []
    const arrivals = [0, 5, 5, 20].map((atMs) => ({ atMs }))
    const { maxLateMs } = await openLoop(arrivals, startedAt, ({ atMs }) => {
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(atMs - 1)
      fired.push(atMs)
    })
    expect(fired).toEqual([0, 5, 5, 20])
    expect(maxLateMs).toBeGreaterThanOrEqual(0)
  })

  it('tells how late it was', async () => {
    const { maxLateMs } = await openLoop([{ atMs: 0 }], performance.now() - 100, () => {})
    expect(maxLateMs).toBeGreaterThanOrEqual(100)
  })
})
