import { describe, expect, it } from 'vitest'
import { Recorder } from './recorder.js'
import { recoveryMs } from './recovery.js'

/** Ten calls in each second; `failing` of them fail in the seconds that are listed. */
async function record(failing: Readonly<Record<number, number>>, seconds: number): Promise<Recorder> {
  let nowMs = 0
  const recorder = new Recorder(() => nowMs)
  for (let call = 0; call < seconds * 10; call++) {
    nowMs = call * 100
    const fails = call % 10 < (failing[Math.floor(call / 10)] ?? 0)
    await recorder.track(() => (fails ? Promise.reject(new Error('failed')) : Promise.resolve()))
  }
  return recorder
}

describe('recoveryMs', () => {
  it('is the beginning of five good seconds in a row', async () => {
    const recorder = await record({ 2: 10, 3: 10, 4: 1, 7: 1 }, 20)
    expect(recoveryMs(recorder, 3_000, 20_000)).toBe(5_000)
    expect(recoveryMs(recorder, 8_000, 20_000)).toBe(0)
  })

  it('is none without five of them', async () => {
    const recorder = await record({ 4: 10, 9: 10 }, 14)
    expect(recoveryMs(recorder, 4_000, 14_000)).toBeUndefined()
  })

  it('does not count what comes after the deadline', async () => {
    let nowMs = 0
    const recorder = new Recorder(() => nowMs)
    await recorder.track(async () => {
      nowMs = 10_001
    })
    expect(recorder.latencyMs).toEqual([Number.NaN])
    expect(recorder.settledMs).toEqual([10_001])
  })
})
