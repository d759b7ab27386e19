import path from 'node:path'
import { isMap, isScalar, isSeq, parseAllDocuments, visit } from 'yaml'

/**
 * The further files that compose reads because its files name them (`env_file`), or nothing where only compose itself
 * can tell: those it includes or extends name further ones, and the name of one may hang on a variable.
 */
export function referencedFiles(texts: readonly string[], directory: string): readonly string[] | undefined {
  const files: string[] = []
  for (const text of texts) {
    if (!/env_file|label_file|include|extends/.test(text)) continue
    const found = filesNamedIn(text)
    if (found === undefined) return undefined
    files.push(...found)
  }
  return files.map((file) => path.resolve(directory, file))
}

function filesNamedIn(text: string): readonly string[] | undefined {
  const files: string[] = []
  let isClear = true
  for (const document of parseAllDocuments(text, { logLevel: 'silent' })) {
    if (document.errors.length > 0) return undefined
    visit(document, {
      Pair(_, { key: node, value }) {
        const key = isScalar(node) ? node.value : undefined
        if (key === 'include' || key === 'label_file') isClear = false
        else if (key === 'extends') isClear &&= !isMap(value) || !value.has('file')
        else if (key === 'env_file') {
          const named = namesIn(value)
          isClear &&= named.every((name) => name !== undefined && !name.includes('$'))
          files.push(...named.filter((name) => name !== undefined))
        }
      },
    })
  }
  return isClear ? files : undefined
}

/** A name, a list of names, or a list of maps with a `path`; `undefined` for what is none of them. */
function namesIn(value: unknown): readonly (string | undefined)[] {
  if (isScalar(value) && value.value === null) return []
  if (isSeq(value)) return value.items.flatMap((item) => namesIn(item))
  if (isMap(value)) return [asName(value.get('path'))]
  return [isScalar(value) ? asName(value.value) : undefined]
}

function asName(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
