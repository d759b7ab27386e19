const masked = '***'

/** Hides secrets in a line, also where they overlap. Each has to be longer than what stands in its place. */
export function createMask(secrets: readonly string[]): (line: string) => string {
  const all = secrets.filter((it) => it.length > masked.length)
  return (line) => {
    let text = line
    // What is left over may, together with a mask, be a secret again.
    for (let found = placesOf(all, text); found.length > 0; found = placesOf(all, text))
      text = cover(text, found)
    return text
  }
}

interface Place {
  readonly from: number
  readonly to: number
}

function placesOf(secrets: readonly string[], text: string): readonly Place[] {
  const places: Place[] = []
  for (const secret of secrets) {
    for (let from = text.indexOf(secret); from >= 0; from = text.indexOf(secret, from + 1))
      places.push({ from, to: from + secret.length })
  }
  return places.sort((a, b) => a.from - b.from)
}

function cover(text: string, places: readonly Place[]): string {
  let [covered, end, shown] = ['', 0, 0]
  for (const { from, to } of places) {
    if (from >= end) {
      covered += text.slice(shown, from) + masked
      shown = to
    }
    end = Math.max(end, to)
    shown = Math.max(shown, to)
  }
  return covered + text.slice(shown)
}
