import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { npm, root } from './run-command.js'

export interface PackedPackage {
  readonly name: string
  /** The package's folder in the repository. */
  readonly folder: string
  /** The file that would be published. */
  readonly tarball: string
}

/** Packs every public package into `destination`, as `npm publish` would. */
export async function packAll(destination: string): Promise<readonly PackedPackage[]> {
  const packed: PackedPackage[] = []
  for (const entry of await readdir(join(root, 'packages'))) {
    const folder = join(root, 'packages', entry)
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    if (manifest.private === true) continue
    const { ok, output } = await npm(['pack', '--pack-destination', destination], { cwd: folder })
    if (!ok) throw new Error(`npm pack failed in packages/${entry}:\n${output}`)
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`
    packed.push({ name: manifest.name, folder, tarball: join(destination, file) })
  }
  return packed
}
