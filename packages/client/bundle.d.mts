export function bundleClient(): Promise<{ body: Uint8Array; sha256: string }>
