import type { Show } from '../show.ts'

/** A `Show` that remembers. */
export function remember() {
  const lines: string[] = []
  const asides: string[] = []
  const notes: string[] = []
  const show: Pick<Show, 'lines' | 'aside' | 'note'> = {
    lines: (shown) => lines.push(...shown.map(({ text }) => text)),
    aside: (text) => asides.push(text),
    note: (text) => notes.push(text),
  }
  return { lines, asides, notes, show }
}
