import type { ServiceUrls } from './arms/arm.js'

/** A terminal's Ctrl-C reaches a child of npm twice: once by itself, once from npm. */
const sameKeystrokeMs = 500

/** Where to look at services that go on. */
export function renderUrls(urls: ServiceUrls): string {
  const lines = Object.entries(urls).map(([name, url]) => `  ${name.padEnd(9)} ${url}/health  ${url}/metrics`)
  return [
    'The Holdfast services go on, with payments well again:',
    ...lines,
    'Buy something, and see it counted:',
    `  curl -i ${urls.gateway}/checkout -H 'content-type: application/json' \\`,
    `    -d '{"item":"tea","cents":450}'`,
    'Ctrl-C ends them.',
  ].join('\n')
}

/** Settles with the first SIGINT or SIGTERM. The second one, if it is meant as one, ends the process at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const interrupt = () => {
      if (firstAt !== undefined && performance.now() - firstAt > sameKeystrokeMs) process.exit(130)
      firstAt ??= performance.now()
      resolve()
    }
    process.on('SIGINT', interrupt)
    process.on('SIGTERM', interrupt)
  })
}
