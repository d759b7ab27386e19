// Holds the arrows between the folders: who may import whom. Part of `npm run check`.
import fs from 'node:fs'
import path from 'node:path'

const root = new URL('..', import.meta.url).pathname

/** In the order of the list: a folder may import itself and what stands in its list. */
const allowed = {
  'packages/shared/contract': [],
  'packages/shared/redis': ['packages/shared/contract', 'packages/shared/runtime'],
  'packages/shared/catalogue': ['packages/shared/contract', 'packages/shared/redis'],
  'packages/shared/queue': ['packages/shared/contract', 'packages/shared/redis'],
  'packages/shared/log': ['packages/shared/contract', 'packages/shared/redis'],
  'packages/shared/jobs': ['packages/shared/contract', 'packages/shared/redis', 'packages/shared/log'],
  'packages/shared/freezes': ['packages/shared/contract', 'packages/shared/redis'],
  'packages/shared/oidc': ['packages/shared/contract', 'packages/shared/redis'],
  'packages/shared/runtime': ['packages/shared/contract'],
  'apps/api': ['packages/shared'],
  'apps/worker': ['packages/shared'],
  'packages/client': ['packages/shared/contract'],
  'packages/cli': ['packages/shared', 'packages/client', 'apps/api', 'apps/worker'],
}

/** What only one folder, or one file, may know. */
const reserved = {
  dockerode: ['apps/worker/src/catalogue/docker.ts'],
  execa: ['apps/worker/src'],
  bullmq: ['packages/shared/src/queue'],
  jose: ['packages/shared/src/oidc'],
  hono: ['apps/api/src'],
  '@hono/node-server': ['apps/api/src'],
  commander: ['packages/cli/src', 'packages/client/src'],
}

/** Connections are made where a program begins, and passed in. */
const connecting = '@redeployster/shared/redis/connect'
const makesConnections = /^(apps\/\w+\/src\/main\.ts|packages\/cli\/src\/)/

const problems = []
for (const file of sourceFiles()) {
  const text = fs.readFileSync(path.join(root, file), 'utf8')
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) check(file, specifier)
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0

function sourceFiles() {
  return ['apps', 'packages']
    .flatMap((top) =>
      fs.readdirSync(path.join(root, top), { recursive: true }).map((it) => path.join(top, it)),
    )
    .filter((file) => /^\w+\/\w+\/src\/.*\.ts$/.test(file))
    .filter((file) => !/(\.test\.ts$|\/testing\/)/.test(file))
}

function check(file, specifier) {
  if (specifier === connecting && !makesConnections.test(file)) {
    problems.push(`${file}: only main.ts and the command line make connections ('${specifier}')`)
  }
  const target = folderOf(file, specifier)
  if (target === undefined) return checkReserved(file, specifier)
  const from = folderName(file)
  const isAllowed =
    from === target || allowed[from]?.some((it) => target === it || target.startsWith(`${it}/`))
  if (!isAllowed) problems.push(`${file}: ${from} may not import ${target} ('${specifier}')`)
}

function checkReserved(file, specifier) {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const owners = reserved[name]
  if (owners && !owners.some((owner) => file.startsWith(owner))) {
    problems.push(`${file}: only ${owners.join(', ')} may import ${name}`)
  }
}

/** The folder of ours that a specifier leads to, or nothing when it leads outside. */
function folderOf(file, specifier) {
  if (specifier.startsWith('@redeployster/client/')) return 'packages/client'
  if (specifier.startsWith('.')) return folderName(path.normalize(path.join(path.dirname(file), specifier)))
  const [, name, rest] = /^@redeployster\/(shared|api|worker)\/(.+)$/.exec(specifier) ?? []
  if (name === 'shared') return folderName(`packages/shared/src/${rest}`)
  return name && `apps/${name}`
}

/** `packages/shared` is split by concept; everything else is one folder. */
function folderName(file) {
  const [top, name, , concept] = file.split('/')
  return name === 'shared' ? `packages/shared/${concept}` : `${top}/${name}`
}
