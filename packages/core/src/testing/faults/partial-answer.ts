import { STATUS_CODES } from 'node:http'
import type { OptionCheck } from '../../foundation/config/index.js'
import {
  type AnswerOptions,
  answerOptionNames,
  checkAnswer,
  type RenderedAnswer,
  renderAnswer,
} from './answer.js'

/**
 * How far an answer gets: nothing at all, half of the headers, half of the body (whose length was announced), half
 * of a chunk, or one whole chunk without the last one that would end the body.
 */
export type AnswerPoint = 'start' | 'headers' | 'body' | 'chunk' | 'between-chunks'

/** The answer that a fault breaks off. */
export interface PartialAnswerOptions extends AnswerOptions {
  /** @default 200 */
  readonly status?: number | undefined
  /** How far the answer gets. @default 'start' */
  readonly at?: AnswerPoint | undefined
}

/** Names of `PartialAnswerOptions`. */
export const partialAnswerOptionNames = ['status', 'at', ...answerOptionNames] as const

const points: readonly AnswerPoint[] = ['start', 'headers', 'body', 'chunk', 'between-chunks']

/** Half of a body should be more than nothing, and look like the beginning of JSON. */
const filler = { filler: 'x'.repeat(1_000) }

/** Adds what is wrong with the options of an answer that breaks off. */
export function checkPartialAnswer(
  check: OptionCheck,
  options: PartialAnswerOptions,
  known: readonly string[] = partialAnswerOptionNames,
): void {
  checkAnswer(check, options?.status ?? 200, options, known)
  check.oneOf('at', options?.at ?? 'start', points)
}

/** The bytes of an answer up to the point given. */
export function partialAnswer(options: PartialAnswerOptions): Buffer {
  const { at = 'start', status = 200 } = options
  if (at === 'start') return Buffer.alloc(0)
  const rendered = renderWithBody(status, options)
  if (at === 'headers') {
    const head = answerHead(rendered)
    return head.subarray(0, Math.floor(head.length / 2))
  }
  const half = rendered.body.subarray(0, Math.floor(rendered.body.length / 2))
  if (at === 'body') return Buffer.concat([answerHead(rendered), half])
  const start = Buffer.from(`${rendered.body.length.toString(16)}\r\n`)
  const data = at === 'chunk' ? [half] : [rendered.body, Buffer.from('\r\n')]
  return Buffer.concat([chunkedHead(rendered), start, ...data])
}

/** An answer whose body has something to break off or to draw out. */
export function renderWithBody(status: number, options: AnswerOptions): RenderedAnswer {
  const { json = options.body === undefined ? filler : undefined } = options
  return renderAnswer(status, json === undefined ? options : { ...options, json })
}

/** Status line and headers as bytes. The connection ends with an answer that is written by hand. */
export function answerHead({ status, headers }: Pick<RenderedAnswer, 'status' | 'headers'>): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const phrase = STATUS_CODES[status] ?? 'Unknown'
  return Buffer.from(`HTTP/1.1 ${status} ${phrase}\r\n${lines}connection: close\r\n\r\n`, 'latin1')
}

/** The same, for a body in chunks. */
export function chunkedHead({ status, headers }: Pick<RenderedAnswer, 'status' | 'headers'>): Buffer {
  const others = headers.filter(([name]) => name.toLowerCase() !== 'content-length')
  return answerHead({ status, headers: [...others, ['transfer-encoding', 'chunked']] })
}
