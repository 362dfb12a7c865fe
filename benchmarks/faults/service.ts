import {
  answer,
  brokenEncoding,
  closeReused,
  cycle,
  delay,
  drip,
  type Fault,
  type FaultServer,
  faultServer,
  gzipBomb,
  malformed,
  oversize,
  redirect,
  reset,
  stall,
  webPage,
} from '@holdfast/core/testing'

const ok = answer(200, { json: { ok: true } })

/** The services that misbehave: one for each way in which a row needs one. */
export async function openService(): Promise<FaultServer> {
  const counts = new Map<string, number>()
  const counted = (name: string): Fault => ({
    kind: '',
    apply(_, next) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      return next()
    },
  })
  return faultServer({
    routes: {
      '/drip-headers': drip({ at: 'headers', endless: true }),
      '/drip-body': drip({ endless: true, everyMs: 50 }),
      '/stall-body': stall({ at: 'body' }),
      '/reset-body': reset({ at: 'body' }),
      '/endless': oversize(),
      '/bomb': gzipBomb(),
      '/truncated-gzip': brokenEncoding('truncated-gzip'),
      '/not-gzip': brokenEncoding('not-gzip'),
      '/long-chain': brokenEncoding('long-chain'),
      '/two-lengths': malformed('duplicate-content-length'),
      '/page': webPage(),
      '/nothing': answer(200, { body: '' }),
      '/circle': redirect(),
      '/close-reused': [closeReused({ by: 'reset' }), ok],
      '/slow': [counted('slow'), delay(120), ok],
      '/flaky': cycle([answer(503), ok]),
      '/unavailable': [counted('unavailable'), answer(503)],
      '/later': [counted('later'), answer(503, { retryAfter: 60 })],
      '/count/{what}': (request, response) => {
        const what = request.url?.split('/').at(-1) ?? ''
        response.end(String(counts.get(what) ?? 0))
        if (what === 'reset') counts.clear()
      },
      '/down': reset(),
      '*': ok,
    },
  })
}
