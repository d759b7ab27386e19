const unitBytes: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Bytes of a size such as `512KiB`, `16MiB` or `1GiB`; nothing for any other text. */
export function parseByteSize(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,5})(KiB|MiB|GiB)$/.exec(text) ?? []
  const factor = unitBytes[unit]
  return count === undefined || factor === undefined ? undefined : Number(count) * factor
}
