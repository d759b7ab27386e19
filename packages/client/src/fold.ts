/** What a line of compose says of one container, network, image or layer. */
export interface Progress {
  readonly subject: string
  readonly status: string
  readonly isLayer: boolean
}

const thing = /^ ?((?:Container|Network|Volume|Image) (?:"[^"]+"|\S+)) +(\S.*)$/
const layer = /^ ?([0-9a-f]{12}) +(\S.*)$/
const pull = /^ ?(\S+) +(Pulling|Pulled)$/

/** Nothing for a line that is no progress. */
export function progressIn(line: string): Progress | undefined {
  const text = line.trimEnd()
  const ofLayer = layer.exec(text)
  const [, subject, status] = ofLayer ?? thing.exec(text) ?? pull.exec(text) ?? []
  if (subject === undefined || status === undefined) return undefined
  return { subject, status, isLayer: ofLayer !== null }
}

/** The newest state of each thing that moves, in the order in which they began to; a line each, layers one for all. */
export interface Block {
  readonly things: ReadonlyMap<string, string>
  readonly layers: ReadonlyMap<string, string>
}

export const emptyBlock: Block = { things: new Map(), layers: new Map() }

/** Where in a block the layers stand. */
const layersRow = ''

export function addProgress(block: Block, { subject, status, isLayer }: Progress): Block {
  if (!isLayer) return { ...block, things: new Map(block.things).set(subject, status) }
  // Of a layer that has been there before, nothing else is said; the bar of one that comes would be too long.
  const layers = new Map(block.layers).set(subject, status.replace(/ \[.*$/, ''))
  return {
    layers,
    things: block.things.has(layersRow) ? block.things : new Map(block.things).set(layersRow, ''),
  }
}

export function blockLines({ things, layers }: Block): readonly string[] {
  return [...things].map(([subject, status]) =>
    subject === layersRow ? ` ${layersLine([...layers.values()])}` : ` ${subject}  ${status}`,
  )
}

function layersLine(statuses: readonly string[]): string {
  const done = statuses.filter((it) => /^(Pull complete|Already exists)$/.test(it)).length
  const now = statuses.findLast((it) => !/^(Pull complete|Already exists|Pulling fs layer|Waiting)$/.test(it))
  const count = `${done} of ${statuses.length} ${statuses.length === 1 ? 'layer' : 'layers'}`
  return now === undefined ? count : `${count}, ${now}`
}
