/** Runs the recipe that is named: `npm run recipe -- chaos`. Without a name it lists them. */
import { readdir } from 'node:fs/promises'

const files = await readdir(new URL('src/', import.meta.url))
const recipes = files.filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -'.ts'.length))
const [name = ''] = process.argv.slice(2)

if (recipes.includes(name)) await import(new URL(`src/${name}.ts`, import.meta.url).href)
else {
  const unknown = name === '' ? '' : `There is no recipe '${name}'. `
  process.stdout.write(`${unknown}The recipes are: ${recipes.sort().join(', ')}\n`)
  process.exitCode = name === '' ? 0 : 1
}
