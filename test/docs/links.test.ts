import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const documents = [
  ...markdownIn('.'),
  ...markdownIn('docs', { recursive: true }),
  ...['apps', 'packages'].flatMap((top) =>
    fs.readdirSync(path.join(root, top)).flatMap((name) => markdownIn(path.join(top, name))),
  ),
]

describe('the documentation', () => {
  it('is found', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/glossary.md']))
  })

  it.each(documents)('of %s links only to what is there', (document) => {
    const missing = linksIn(read(document)).filter((link) => !isThere(link, [path.dirname(document)]))
    expect(missing).toEqual([])
  })

  it.each(documents)('of %s names only files and folders that are there', (document) => {
    const missing = pathsIn(read(document)).filter((name) => !isThere(name, ['.', path.dirname(document)]))
    expect(missing).toEqual([])
  })

  it.each([
    ['README.md', 150],
    ['AGENTS.md', 100],
  ])('of %s has fewer than %i lines', (document, most) => {
    expect(read(document).trimEnd().split('\n').length).toBeLessThan(most)
  })
})

function markdownIn(folder: string, options = { recursive: false }): string[] {
  return fs
    .readdirSync(path.join(root, folder), { ...options, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name))
}

function read(document: string): string {
  return fs.readFileSync(path.join(root, document), 'utf8')
}

/** Relative targets of links, without what points inside a page. */
function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
}

const ours = /^(apps|packages|script|test|docs|examples|\.ci)(\/|$)/

/** What begins like a path of ours, in backticks or as the first word of a command; a pattern is none. */
function pathsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.split('\n'))
  const quoted = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(
    ([, code = '']) => code,
  )
  return [...blocks, ...quoted]
    .map((code) => code.split(/\s/)[0] ?? '')
    .filter((word) => ours.test(word) && !/[*{<…]/.test(word))
}

function isThere(name: string, folders: readonly string[]): boolean {
  return folders.some((folder) => fs.existsSync(path.join(root, folder, name)))
}
