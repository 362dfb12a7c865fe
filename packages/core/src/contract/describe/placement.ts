import { show } from '../../foundation/config/index.js'
import { headerNameProblem } from './header-name.js'
import type { HeaderPlace, Operation } from './operation.js'

/** Reports what is wrong with an operation: the key at fault, and why. */
export type Report = (key: string, message: string) => void

/** A field that is sent as a header. */
export interface HeaderField {
  readonly field: string
  /** Lower-case. */
  readonly name: string
}

/** The fields of an input by where `in` and the path send them. */
export class Placement {
  readonly headers: HeaderField[] = []
  readonly query: string[] = []
  readonly body: string[] = []
  readonly placed = new Set<string>()
  whole: string | undefined = undefined

  constructor(names: readonly string[]) {
    for (const name of names) this.placed.add(name)
  }

  /** Placed fields that do not go to `list` as well. */
  except(list: readonly string[]): Set<string> {
    return new Set([...this.placed].filter((field) => !list.includes(field)))
  }
}

/** Sorts the fields that the path and `in` name. */
export function place(operation: Operation, names: readonly string[], report: Report): Placement {
  const placement = new Placement(names)
  for (const [field, given] of Object.entries(operation.in ?? {})) {
    const places: readonly unknown[] = Array.isArray(given) ? given : [given]
    const add = (message: string): void => report(`in.${field}`, message)
    if (places.length === 0) {
      add('must name at least one place')
      continue
    }
    if (names.includes(field) && !places.includes('path')) {
      add("must include 'path', since the path names the field: write a list such as ['path', 'body']")
    }
    if (Array.isArray(given) && given.includes('whole-body')) {
      add("must not have 'whole-body' in a list: a value that is the whole body goes nowhere else")
    }
    placement.placed.add(field)
    for (const one of places) placeOne(placement, names, field, one, add)
  }
  return placement
}

function placeOne(
  placement: Placement,
  names: readonly string[],
  field: string,
  place: unknown,
  add: (message: string) => void,
): void {
  if (place === 'query') placement.query.push(field)
  else if (place === 'body') placement.body.push(field)
  else if (place === 'path') {
    if (!names.includes(field)) add(`says 'path', but the path has no {${field}}`)
  } else if (place === 'whole-body') {
    if (placement.whole !== undefined) add(`cannot be the whole body too: '${placement.whole}' is`)
    placement.whole = field
  } else if (isHeaderPlace(place)) placeHeader(placement, field, place, add)
  else add(`must be 'path', 'query', 'body', 'whole-body', { header: 'name' } or a list, not ${show(place)}`)
}

function isHeaderPlace(place: unknown): place is HeaderPlace {
  return typeof place === 'object' && place !== null && Object.keys(place).join() === 'header'
}

function placeHeader(
  placement: Placement,
  field: string,
  { header }: HeaderPlace,
  add: (message: string) => void,
): void {
  const problem = headerNameProblem(header)
  if (problem !== undefined) {
    add(`names the header ${show(header)}, which ${problem}`)
    return
  }
  const name = header.toLowerCase()
  const other = placement.headers.find((one) => one.name === name)
  if (other !== undefined) add(`names the header '${name}', which carries '${other.field}' already`)
  placement.headers.push({ field, name })
}
