import { OptionCheck } from '../../foundation/config/index.js'
import type { Fault } from './fault.js'

const json = '{"id":"42"}'
const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const chunk = `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`
const hugeHeaderBytes = 65_536

const malformedAnswers = {
  'bad-status-line': 'HTTP/1.1 two hundred\r\n\r\n',
  'bad-header': `${ok}this is no header\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
  'huge-header': `${ok}x-huge: ${'x'.repeat(hugeHeaderBytes)}\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
  'bad-chunk-size': `${ok}transfer-encoding: chunked\r\n\r\nZZ\r\n${json}\r\n0\r\n\r\n`,
  'content-length-and-chunked': `${ok}content-length: ${json.length}\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`,
  'duplicate-content-length': `${ok}content-length: ${json.length}\r\ncontent-length: 5\r\n\r\n${json}`,
  'bad-content-length': `${ok}content-length: 0x1f\r\n\r\n${json}`,
  'longer-than-announced': `${ok}content-length: 5\r\n\r\n${json}`,
} as const

/** A way of breaking HTTP/1.1. `huge-header` has 64 KiB, which is valid but more than clients take. */
export type Malformation = keyof typeof malformedAnswers

/** Every way in which `malformed` can break HTTP/1.1. */
export const malformations = Object.freeze(Object.keys(malformedAnswers)) as readonly Malformation[]

/**
 * Answers with almost HTTP/1.1, broken in the way named, and closes the connection.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` for a name that is not among `malformations`.
 * @example
 * ```ts
 * import { faultServer, malformed } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': malformed('bad-chunk-size') } })
 * ```
 */
export function malformed(malformation: Malformation): Fault {
  const check = new OptionCheck('malformed()')
  check.oneOf('', malformation, malformations)
  check.done()
  return rawAnswer(`malformed ${malformation}`, malformedAnswers[malformation])
}

/**
 * Answers with something that is not HTTP at all, and closes the connection.
 *
 * @param bytes What to send instead. @default the greeting of an SSH server
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `bytes` is neither text nor bytes.
 * @example
 * ```ts
 * import { faultServer, garbage } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': garbage() } })
 * ```
 */
export function garbage(bytes: string | Uint8Array = 'SSH-2.0-OpenSSH_9.6\r\n'): Fault {
  const check = new OptionCheck('garbage()')
  if (typeof bytes !== 'string' && !(bytes instanceof Uint8Array)) check.add('', 'takes a string or bytes')
  check.done()
  return rawAnswer('garbage', bytes)
}

function rawAnswer(kind: string, bytes: string | Uint8Array): Fault {
  return {
    kind,
    async apply(exchange) {
      exchange.takeSocket().end(bytes)
    },
  }
}
