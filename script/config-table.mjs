// Writes the table of all variables into README.md, from what the code itself reads:
// npm run readme:configuration
import fs from 'node:fs'
import { configurationTable } from '../packages/cli/dist/configuration.js'
import { replaceSection } from '../packages/cli/dist/readme-section.js'

const file = new URL('../README.md', import.meta.url)
const readme = fs.readFileSync(file, 'utf8')
fs.writeFileSync(file, replaceSection(readme, 'configuration', configurationTable()))
