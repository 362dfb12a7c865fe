/** Anything that lines can be written to: a stream, or an object with `write`. */
export interface LogDestination {
  write(line: string): unknown
}
