import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { npm, root } from '../run-command.js'

const platform = process.platform === 'win32' ? 'win' : process.platform
const packageName = `node-${platform}-${process.arch}`

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

/** Installs a version of Node.js from its npm package, once, and returns the path of its binary. */
export async function nodeBinary(version: string): Promise<string> {
  const folder = join(root, '.cache/node', version)
  const binary = join(folder, 'node_modules', packageName, platform === 'win' ? 'bin/node.exe' : 'bin/node')
  if (await exists(binary)) return binary
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  const { output } = await npm(
    ['install', '--no-package-lock', '--no-audit', '--no-fund', `${packageName}@${version}`],
    { cwd: folder, timeoutMs: 120_000 },
  )
  if (!(await exists(binary))) throw new Error(`Node.js ${version} could not be installed:\n${output}`)
  return binary
}
