import { readFile, stat } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { root } from '../run-command.js'

/** The anchor that a Markdown renderer gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

const withoutCode = (text: string): string => text.replace(/^([ \t]*)(`{3,}|~{3,})[\s\S]*?^\1\2/gm, '')

async function anchorsOf(page: string): Promise<ReadonlySet<string>> {
  const text = withoutCode(await readFile(join(root, page), 'utf8'))
  return new Set([...text.matchAll(/^#+\s+(.*)$/gm)].map(([, heading = '']) => anchorOf(heading)))
}

async function linkProblem(page: string, link: string): Promise<string | undefined> {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : normalize(join(dirname(page), decodeURI(path)))
  const found = await stat(join(root, target)).catch(() => undefined)
  if (found === undefined) return `${page}: the link ${link} leads nowhere`
  if (anchor === undefined || !target.endsWith('.md')) return undefined
  return (await anchorsOf(target)).has(anchor)
    ? undefined
    : `${page}: the link ${link} names no heading of ${target}`
}

/** Links of a page to files of the repository that are not there, and to headings that they do not have. */
export async function brokenLinks(page: string): Promise<readonly string[]> {
  const text = withoutCode(await readFile(join(root, page), 'utf8')).replace(/`[^`\n]*`/g, '')
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const local = links.filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
  const problems = await Promise.all(local.map((link) => linkProblem(page, link)))
  return problems.filter((problem) => problem !== undefined)
}
