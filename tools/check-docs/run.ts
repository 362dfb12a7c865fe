/**
 * Type-checks and runs every code block of the READMEs, of docs/ and of the doc comments.
 * `npm run check:docs -- docs/retry.md` does it for the files whose path contains one of the arguments.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../run-command.js'
import { findBlocks } from './blocks.js'
import { findExamples } from './examples.js'
import { execute } from './execute.js'
import { brokenLinks } from './links.js'
import { writeModules } from './modules.js'
import { makeSnippets, type Snippet } from './snippets.js'
import { typeCheck } from './type-check.js'

const wanted = process.argv.slice(2)

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { recursive: true }).catch(() => [])
  return entries.filter((entry) => !entry.includes('node_modules')).map((entry) => `${folder}/${entry}`)
}

const isPage = (file: string): boolean =>
  /^packages\/[^/]+\/README\.md$/.test(file) || /^docs\/.*\.md$/.test(file)

const isSource = (file: string): boolean =>
  /^packages\/[^/]+\/src\/.*\.ts$/.test(file) && !/\.test(-d)?\.ts$/.test(file)

async function findFiles(): Promise<readonly string[]> {
  const files = [
    'README.md',
    'CONTRIBUTING.md',
    ...(await filesBelow('packages')),
    ...(await filesBelow('docs')),
  ]
  return files.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part))).sort()
}

async function collect(files: readonly string[]): Promise<readonly Snippet[]> {
  const snippets: Snippet[] = []
  for (const file of files) {
    const read = () => readFile(join(root, file), 'utf8')
    if (file === 'README.md' || isPage(file)) {
      snippets.push(...makeSnippets(findBlocks(file, (await read()).split('\n')), false))
    } else if (isSource(file)) {
      snippets.push(...makeSnippets(findExamples(file, await read()), true))
    }
  }
  return snippets
}

try {
  const files = await findFiles()
  const pages = files.filter((file) => isPage(file) || !file.includes('/'))
  const links = (await Promise.all(pages.map(brokenLinks))).flat()
  const modules = await writeModules(await collect(files))
  const runnable = modules.filter(({ snippet }) => snippet.typecheckOnly === undefined)
  // Types first: code that does not compile fails when run too, and says less about why.
  const wrongTypes = await typeCheck(modules)
  const problems = [...links, ...(wrongTypes.length > 0 ? wrongTypes : await execute(runnable))]
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  const notRun = modules.length - runnable.length
  process.stdout.write(
    `${modules.length} code blocks type-checked${wrongTypes.length > 0 ? '' : `, ${runnable.length} run`}` +
      `${notRun > 0 ? `, ${notRun} marked as not to be run` : ''}, ${problems.length} problems\n`,
  )
  process.exitCode = problems.length === 0 ? 0 : 1
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
