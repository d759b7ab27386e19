/** Without the properties that are undefined, for options that may be left out but not be undefined. */
export function defined<Options extends object>(options: Options) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof Options]?: NonNullable<Options[Name]> }
}
