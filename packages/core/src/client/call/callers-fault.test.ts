import { expect, it } from 'vitest'
import {
  AbortedError,
  CircuitOpenError,
  ClosedError,
  ConfigInvalidError,
  InvalidInputError,
} from '../../foundation/errors/index.js'
import { isCallersFault } from './callers-fault.js'

it.each([
  [new AbortedError(), true],
  [new InvalidInputError('', []), true],
  // As in a pipeline of one's own: wrong options are not hidden behind an answer that looks well.
  [new ConfigInvalidError('', []), true],
  [new CircuitOpenError(), false],
  [new ClosedError(), false],
  [new TypeError('mistake of a caller'), true],
])("%s gets a fallback unless it is the caller's own fault", (error, expected) => {
  expect(isCallersFault(error)).toBe(expected)
})
