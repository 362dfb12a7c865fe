import type { ServiceUrls } from '../arms/arm.js'
import type { Phase } from './phases.js'
import type { SettledCall, SideRecord } from './record.js'

/** The arms that a side can be started with. */
export type ArmKey = 'plain' | 'holdfast'

/** What a side's process is told. */
export type ToSide =
  | { readonly type: 'start'; readonly arm: ArmKey; readonly seed: number }
  | { readonly type: 'run'; readonly phases: readonly Phase[] }
  | { readonly type: 'stop' }

/** What it tells. */
export type FromSide =
  | { readonly type: 'ready'; readonly name: string; readonly urls: ServiceUrls }
  | { readonly type: 'settled'; readonly calls: readonly SettledCall[] }
  | { readonly type: 'done'; readonly record: SideRecord }
