import { contractSource, schemaSource } from './contract-source.js'
import { countInstantiations } from './count-instantiations.js'

const operations = 200
const limit = 150_000

const schemas = countInstantiations(schemaSource(operations))
const contract = countInstantiations(contractSource(operations))
const added = contract - schemas
const format = (count: number): string => count.toLocaleString('en').padStart(9)

console.log(`type instantiations, ${operations} operations, each called once
  the zod schemas alone   ${format(schemas)}
  with contract and calls ${format(contract)}
  added by Holdfast       ${format(added)}   limit ${format(limit).trim()}`)
if (added > limit) {
  console.error('over the limit')
  process.exitCode = 1
}
