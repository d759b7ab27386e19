const passed: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'TZ',
  'SSH_AUTH_SOCK',
  'XDG_RUNTIME_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
])

/**
 * Compose's own environment. Ours stays out of it: our `PORT` would beat the user's `.env`, and `${REDIS_URL}` in a
 * compose file would put our password into a container.
 */
export function composeEnvironment(
  env: NodeJS.ProcessEnv,
  passEnv: readonly string[],
): Record<string, string> {
  const isPassed = (name: string) =>
    passed.has(name) || passed.has(name.toUpperCase()) || name.startsWith('DOCKER_') || passEnv.includes(name)
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && isPassed(name) ? [[name, value]] : [],
    ),
  )
}
