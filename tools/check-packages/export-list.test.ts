import { expect, it } from 'vitest'
import { listChanges } from './export-list.js'

it('lists names that went and came by sub-path', () => {
  const before = '# .\nretry\ntype A\n\n# ./testing\nfaultServer\n'
  const after = '# .\nretry\nhedge\n\n# ./testing\nfaultServer\ntype A\n'
  expect(listChanges(before, after)).toEqual(['- .: type A', '+ .: hedge', '+ ./testing: type A'])
  expect(listChanges(after, after)).toEqual([])
})
