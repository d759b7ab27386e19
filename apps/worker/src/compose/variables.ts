/** Names of the variables that compose warned about: set nowhere, and without a default. */
export function unsetVariables(stderr: string): ReadonlySet<string> {
  const warnings = stderr.matchAll(/The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set/g)
  return new Set([...warnings].map(([, name]) => name ?? ''))
}

/** Names of the variables that a value of the raw configuration uses without a default, e.g. `$TAG` or `${TAG}`. */
export function usedVariables(value: unknown): ReadonlySet<string> {
  const used = new Set<string>()
  collect(value, used)
  return used
}

// `$$` is a dollar sign; `${NAME:-x}`, `${NAME-x}` and `${NAME:+x}` have a default, and a default may hold variables.
const reference = /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)([^}]?))/g

function collect(value: unknown, used: Set<string>): void {
  if (typeof value === 'string') {
    for (const [, bare, braced, after] of value.matchAll(reference)) {
      const name = bare ?? (after === '' ? braced : undefined)
      if (name !== undefined) used.add(name)
    }
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, used)
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) collect(item, used)
  }
}
