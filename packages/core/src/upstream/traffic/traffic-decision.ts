import { hashOf } from './key-hash.js'

/** Where a call goes, and why. */
export interface TrafficDecision<Version extends string = string> {
  readonly version: Version
  /** The place of the rule that has decided, counted from 0; `undefined` where the weights have. */
  readonly rule: number | undefined
}

/** One version of a split, and what has been counted of it. */
export class VersionTally {
  readonly version: string
  /** Spreads keys for the weights, and for the percentages of rules: the one must say nothing about the other. */
  readonly weightSeed: number
  readonly ruleSeed: number
  decided = 0
  ok = 0
  failed = 0

  constructor(splitName: string, version: string) {
    this.version = version
    this.weightSeed = hashOf(`${splitName}\n${version}`)
    this.ruleSeed = hashOf(`${splitName}\n${version}\nrule`)
  }
}

/** A decision that is made once and given out for every call, so that deciding allocates nothing. */
export class Decision implements TrafficDecision {
  readonly version: string
  readonly rule: number | undefined
  readonly tally: VersionTally

  constructor(tally: VersionTally, rule?: number) {
    this.version = tally.version
    this.rule = rule
    this.tally = tally
  }
}
