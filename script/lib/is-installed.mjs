// Exits 0 if node_modules holds what package-lock.json asks for. Dates do not tell: git gives every file a new one.
import { readFileSync } from 'node:fs'

const packagesIn = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return {}
  }
}

const wanted = packagesIn('package-lock.json')
const installed = packagesIn('node_modules/.package-lock.json')
const paths = new Set([...Object.keys(wanted), ...Object.keys(installed)])
const same = (path) => {
  const [a, b] = [wanted[path], installed[path]]
  // npm leaves out what is made for another platform.
  if (a?.optional && !b) return true
  return a?.version === b?.version && a?.link === b?.link
}

process.exitCode = [...paths].filter((path) => path.includes('node_modules/')).every(same) ? 0 : 1
