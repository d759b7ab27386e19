/** A command as it can be pasted into a shell, with variables in front of it. */
export function shellCommand(
  argv: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): string {
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`)
  return [...assignments, ...argv.map(quote)].join(' ')
}

function quote(word: string): string {
  if (/^[\w@%+:,./=-]+$/.test(word)) return word
  const text = word.replaceAll("'", String.raw`'\''`)
  return /\p{Cc}/u.test(word) ? `$'${escapeControls(word)}'` : `'${text}'`
}

/** What a terminal would act upon, written out as in `$'…'`. */
function escapeControls(word: string): string {
  const escaped = word.replaceAll(/['\\]/g, (it) => `\\${it}`)
  return escaped.replaceAll(/\p{Cc}/gu, (it) => {
    const code = it.charCodeAt(0)
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u00${code.toString(16)}`
  })
}
