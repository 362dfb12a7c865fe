import { mergeConfig } from 'vitest/config'
import base from '../../vitest.config.js'
import { root } from '../run-command.js'

const seeds = ['benchmarks/scenarios/definitions/targets-seed-*.test.ts']

/** Runs every variant of every scenario under whole seeds: `npm run test:scenarios`. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [], globalSetup: [] } },
  { root, test: { include: seeds } },
)
