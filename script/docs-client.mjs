// Writes the client into action/, and its SHA-256 into docs/ci/README.md: npm run docs:client
import fs from 'node:fs'
import { replaceSection } from '../packages/cli/dist/readme-section.js'
import { bundleClient } from '../packages/client/bundle.mjs'

const { body, sha256 } = await bundleClient()
fs.writeFileSync(new URL('../action/client.mjs', import.meta.url), body)
const file = new URL('../docs/ci/README.md', import.meta.url)
const content = `\`\`\`\n${sha256}\n\`\`\``
fs.writeFileSync(file, replaceSection(fs.readFileSync(file, 'utf8'), 'client', content))
console.log(`client.mjs: ${body.length} bytes, sha256 ${sha256}`)
