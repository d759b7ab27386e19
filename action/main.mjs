// Where the runner of GitHub Actions begins. It hands inputs over as variables, and does not look whether they are there;
// the client takes words, and the token from a variable. `client.mjs` is packages/client, built: npm run docs:client.
const { env, argv, stdout } = process
const { INPUT_URL = '', INPUT_SERVICE = '', INPUT_TOKEN = '', INPUT_TIMEOUT = '' } = env

const missing = Object.entries({ url: INPUT_URL, service: INPUT_SERVICE, token: INPUT_TOKEN })
  .filter(([, value]) => value === '')
  .map(([name]) => name)

if (missing.length > 0) {
  stdout.write(`::error title=No deploy::The action needs the input ${missing.join(', ')}\n`)
  process.exitCode = 78
} else {
  env.REDEPLOYSTER_TOKEN = INPUT_TOKEN
  const words = ['deploy', '--url', INPUT_URL, '--timeout', INPUT_TIMEOUT || '30m', '--', INPUT_SERVICE]
  argv.splice(1, argv.length, 'client.mjs', ...words)
  await import('./client.mjs')
}
