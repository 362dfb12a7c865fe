import { pino } from 'pino'

/** Anything that lines can be written to: a stream, or an object with `write`. */
export interface LogDestination {
  write(line: string): unknown
}

/** Lines are written together once there are so many bytes, or after `flushMs`. */
const bufferBytes = 4_096
const flushMs = 100
/** Beyond this the reader of the log is taken to hang, and lines are dropped. */
const maxBufferedBytes = 8 * 1024 * 1024

/**
 * Standard output, or the file of a descriptor, written to in the background: nobody waits for whoever reads the log.
 * What is left is written when the process exits.
 */
export function bufferedDestination(descriptor: number): LogDestination {
  const destination = pino.destination({
    dest: descriptor,
    sync: false,
    minLength: bufferBytes,
    maxLength: maxBufferedBytes,
    periodicFlush: flushMs,
  })
  let dropped = 0
  destination.on('drop', () => {
    dropped++
  })
  destination.on('drain', () => {
    if (dropped === 0) return
    const lines = dropped
    dropped = 0
    destination.write(`${JSON.stringify({ level: 'warn', time: new Date(), lines, msg: 'log lines dropped' })}\n`)
  })
  return destination
}
