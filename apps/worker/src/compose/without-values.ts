/** What compose says when it cannot read a file, without the values that it quotes: nobody knows which are secret. */
export function withoutValues(stderr: string): string {
  return stderr
    .replace(
      /(invalid interpolation format for [^\n]*)\n([^\n]*\.)\n[^]*$/,
      '$1 $2 The value is not shown: ***',
    )
    .replace(/(Invalid template: )"[^]*$/i, '$1***')
}
