import fs from 'node:fs/promises'

const root = new URL('../../', import.meta.url)

export async function readPage(page: string): Promise<string> {
  return fs.readFile(new URL(page, root), 'utf8')
}

/** The code of this language in a page of the documentation, of which there is one, or the one that holds `text`. */
export async function codeBlock(page: string, language: string, text = ''): Promise<string> {
  const blocks = [...(await readPage(page)).matchAll(/^```(\S*)\n(.*?)^```$/gms)]
    .filter(([, it, code = '']) => it === language && code.includes(text))
    .map(([, , code = '']) => code)
  const [block] = blocks
  if (block === undefined || blocks.length > 1)
    throw new Error(`${blocks.length} blocks of ${language} with "${text}" in ${page}`)
  return block
}
