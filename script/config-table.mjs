// Writes the tables of variables into the README and docs/configuration.md, from what the code itself reads:
// npm run readme:configuration
import fs from 'node:fs'
import { configurationTables } from '../packages/cli/dist/configuration.js'
import { replaceSection } from '../packages/cli/dist/readme-section.js'

for (const [page, content] of configurationTables) {
  const file = new URL(`../${page}`, import.meta.url)
  fs.writeFileSync(file, replaceSection(fs.readFileSync(file, 'utf8'), 'configuration', content))
}
