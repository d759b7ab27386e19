type Environment = Readonly<Record<string, string | undefined>>

/** The engines that the tests may use, each as in `DOCKER_HOST`; there are as many workers for `test/e2e`. */
export function enginesOf({ REDEPLOYSTER_TEST_DOCKER_HOST: hosts = '' }: Environment): readonly string[] {
  return hosts.split(/\s+/).filter((host) => host !== '')
}

/**
 * The engine of one of Vitest's workers. They are numbered from 1, and a number is free again when its test file has
 * ended: with no more workers than engines, no two files ever use the same one.
 */
export function engineOf(env: Environment): string | undefined {
  const engines = enginesOf(env)
  return engines[(Number(env.VITEST_POOL_ID ?? 1) - 1) % engines.length]
}
