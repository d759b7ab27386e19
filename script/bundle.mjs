// Bundles the command for publishing: it starts in a fraction of the time that node_modules takes. `npm run bundle`
import fs from 'node:fs'
import { build } from 'esbuild'
import { bundleClient } from '../packages/client/bundle.mjs'
import { bundleSsh, leaveOut } from './left-out.mjs'

const root = new URL('..', import.meta.url).pathname
const outdir = process.argv[2] ?? `${root}packages/cli/bundle`

await build({
  absWorkingDir: root,
  entryPoints: ['packages/cli/src/main.ts'],
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // What `redeployster doctor` needs is not read by `serve`.
  splitting: true,
  minify: true,
  conditions: ['@redeployster/source'],
  plugins: [leaveOut],
  external: ['./ssh.cjs'],
  banner: {
    js: [
      // Packages of the old kind expect these; the names of the imports must not meet those of a module's own.
      "import { createRequire as requireFrom } from 'node:module'",
      "import { dirname as folderOf } from 'node:path'",
      "import { fileURLToPath as toFile } from 'node:url'",
      'const require = requireFrom(import.meta.url), __filename = toFile(import.meta.url), __dirname = folderOf(__filename)',
    ].join(';'),
  },
  logLevel: 'warning',
})

await bundleSsh(root, `${outdir}/ssh.cjs`)

// What the API serves at /client.mjs.
fs.writeFileSync(`${outdir}/client.mjs`, (await bundleClient()).body)
