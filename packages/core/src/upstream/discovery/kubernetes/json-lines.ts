import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** No event comes near this: a slice holds 1000 endpoints at most. */
const maxLineLength = 8 * 1024 * 1024

/** The lines of a stream, each of them a JSON text, as they come. */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLineLength) throw new Error(`a line is longer than ${maxLineLength} characters`)
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as unknown
  }
  // What is left of a stream that was broken off is half a line.
}
