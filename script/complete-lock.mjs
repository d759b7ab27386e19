// npm leaves a platform's optional package out of the lock when the registry it used could not serve it,
// and `npm ci` then refuses the lock on every machine. This adds the missing entries back, by name and
// version only. Run it after each change of a dependency: npm run lock:complete
import fs from 'node:fs'

const file = 'package-lock.json'
const lock = JSON.parse(fs.readFileSync(file, 'utf8'))

const systems = ['android', 'darwin', 'win32', 'windows', 'freebsd', 'openharmony', 'linux']
const processors = ['arm64', 'x64', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'arm', 'wasm32']

function isLocked(parent, name) {
  for (let folder = parent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${folder && `${folder}/`}node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

function entryFor(name, version, isDev) {
  const system = systems.find((it) => name.includes(it))
  const processor = processors.find((it) => name.includes(it)) ?? (name.endsWith('-64') ? 'x64' : undefined)
  return {
    version,
    ...(processor && { cpu: [processor] }),
    ...(isDev && { dev: true }),
    optional: true,
    ...(system && { os: [system === 'windows' ? 'win32' : system] }),
  }
}

for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^\d/.test(version) || isLocked(parent, name)) continue
    const top = `node_modules/${name}`
    lock.packages[lock.packages[top] ? `${parent}/${top}` : top] = entryFor(name, version, entry.dev)
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
