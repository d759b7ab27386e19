// Makes the client one file without dependencies, dist/client.mjs, whose bytes depend on nothing but the sources.
// Part of `npm run build`; others call `bundleClient`.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const here = import.meta.dirname
const mostBytes = 100_000

export async function bundleClient() {
  const manifest = JSON.parse(fs.readFileSync(path.join(here, 'package.json'), 'utf8'))
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: ['src/main.ts'],
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    conditions: ['@redeployster/source'],
    define: { CLIENT_VERSION: JSON.stringify(manifest.version) },
    // commander is CommonJS.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  const body = outputFiles[0].contents
  if (body.length > mostBytes)
    throw new Error(`The client has ${body.length} bytes; ${mostBytes} are allowed`)
  return { body, sha256: createHash('sha256').update(body).digest('hex') }
}

if (process.argv[1] === import.meta.filename) {
  const { body, sha256 } = await bundleClient()
  fs.mkdirSync(path.join(here, 'dist'), { recursive: true })
  fs.writeFileSync(path.join(here, 'dist/client.mjs'), body)
  process.stdout.write(`client.mjs: ${body.length} bytes, sha256 ${sha256}\n`)
}
