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

/** By column, without the marks of code. */
export type Row = Readonly<Record<string, string>>

/** The table of a page whose first column is called so. */
export async function tableRows(page: string, first: string): Promise<readonly Row[]> {
  const tables = [...(await readPage(page)).matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) =>
    table
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  )
  const [head, , ...rows] = tables.find(([it]) => it?.[0] === first) ?? []
  if (!head) throw new Error(`No table of ${first} in ${page}`)
  return rows.map((row) =>
    Object.fromEntries(head.map((column, index) => [column.replaceAll('`', ''), row[index] ?? ''])),
  )
}
