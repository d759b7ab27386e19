/** What is wrong with a version of Compose that works. */
export function knownBad(version: string): readonly string[] {
  const [, major, minor, patch] = (/^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).map(Number)
  if (major === undefined || minor === undefined || patch === undefined) return []
  const isMended = major > 2 || minor > 40 || (minor === 40 && patch >= 2)
  if (isMended) return []
  return [
    'a compose file with `include: oci://…` can make it write files anywhere (CVE-2025-62725): update to 2.40.2 or newer',
  ]
}
