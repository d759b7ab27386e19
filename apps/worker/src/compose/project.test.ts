import { projectName } from '@redeployster/shared/contract/service'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileOutside, locateProject, type ComposeProject, type ProjectLabels } from './project.ts'

const shop = projectName.parse('shop')

/** The project that the labels mean on a host that has these files and no others. */
function locate(labels: Partial<ProjectLabels>, files: readonly string[] = []) {
  const all = { project: shop, workingDir: '/srv/shop', configFiles: undefined, environmentFile: undefined }
  return locateProject({ ...all, ...labels }, (file) => files.includes(file))
}

describe('the files of a project', () => {
  it('are those that compose v2 wrote into the labels, by their absolute names', () => {
    const configFiles = '/srv/shop/compose.yaml,/etc/shop/more.yaml'
    expect(locate({ configFiles, environmentFile: '/srv/shop/a.env,/srv/b.env' })).toEqual({
      name: 'shop',
      directory: '/srv/shop',
      files: ['/srv/shop/compose.yaml', '/etc/shop/more.yaml'],
      envFiles: ['/srv/shop/a.env', '/srv/b.env'],
    })
  })

  it('are left for compose to complain about when they are gone', () => {
    expect(locate({ configFiles: '/srv/shop/gone.yaml' })).toMatchObject({
      files: ['/srv/shop/gone.yaml'],
      envFiles: [],
    })
  })

  it.each([
    { configFiles: '/a,b.yaml', there: ['/a,b.yaml'], files: ['/a,b.yaml'] },
    {
      configFiles: '/x.yaml,/a,b,c.yaml',
      there: ['/x.yaml', '/a,b,c.yaml'],
      files: ['/x.yaml', '/a,b,c.yaml'],
    },
    {
      configFiles: '/a,b/x.yaml,/a,b/y.yaml',
      there: ['/a,b/x.yaml', '/a,b/y.yaml'],
      files: ['/a,b/x.yaml', '/a,b/y.yaml'],
    },
    { configFiles: '/gone.yaml,/a,b.yaml', there: ['/a,b.yaml'], files: ['/gone.yaml', '/a,b.yaml'] },
  ])('may have commas in their names: $configFiles', ({ configFiles, there, files }) => {
    expect(locate({ configFiles }, there)).toMatchObject({ files })
  })
})

describe('the relative names that compose v1 wrote', () => {
  it.each([
    {
      typed: 'in the project',
      configFiles: 'compose.yml,more.yml',
      files: ['/srv/shop/compose.yml', '/srv/shop/more.yml'],
    },
    {
      typed: 'above it',
      configFiles: 'shop/compose.yml,more.yml',
      files: ['/srv/shop/compose.yml', '/srv/more.yml'],
    },
    { typed: 'two folders above it', configFiles: 'srv/shop/compose.yml', files: ['/srv/shop/compose.yml'] },
    {
      typed: 'below it',
      configFiles: '../compose.yml,../more.yml',
      files: ['/srv/shop/compose.yml', '/srv/shop/more.yml'],
    },
    { typed: 'beside it', configFiles: '../shop/compose.yml', files: ['/srv/shop/compose.yml'] },
    {
      typed: 'in the project, for a second file above',
      configFiles: 'compose.yml,../compose.yml',
      files: ['/srv/shop/compose.yml', '/srv/compose.yml'],
    },
    {
      typed: 'above it, with --project-directory',
      configFiles: 'files/compose.yml',
      files: ['/srv/files/compose.yml'],
    },
  ])('are found when they were typed $typed', ({ configFiles, files }) => {
    // The file of another project above must not be taken for one of this.
    const there = [...files, '/srv/compose.yml', '/compose.yml']
    expect(locate({ configFiles }, there)).toMatchObject({ files })
  })

  it('mean the project’s own folder when there is no such file', () => {
    expect(locate({ configFiles: 'gone.yml' })).toMatchObject({ files: ['/srv/shop/gone.yml'] })
  })

  it('are looked for alike when they name an env file', () => {
    const labels = { configFiles: 'shop/compose.yml', environmentFile: 'shop.env' }
    const there = ['/srv/shop/compose.yml', '/srv/shop.env']
    expect(locate(labels, there)).toMatchObject({ envFiles: ['/srv/shop.env'] })
  })
})

describe('a project that cannot be found again', () => {
  it.each([
    { configFiles: '-', says: 'standard input' },
    { configFiles: '/srv/shop/compose.yaml,-', says: 'standard input' },
    { configFiles: 'https://example.org/compose.yaml', says: 'remote' },
    { configFiles: '/srv/shop/compose.yaml,oci://example.org/shop', says: 'remote' },
    { configFiles: undefined, says: 'which compose file' },
    { configFiles: '', says: 'which compose file' },
  ])('says what to do: $configFiles', ({ configFiles, says }) => {
    expect(locate({ configFiles })).toEqual({ problem: expect.stringContaining(says) })
  })

  it('is one whose container does not tell its folder', () => {
    expect(locate({ workingDir: undefined, configFiles: 'compose.yaml' })).toHaveProperty('problem')
  })
})

describe('a file outside the project roots', () => {
  let temporary: string
  let roots: string[]

  beforeAll(() => {
    temporary = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'rdt-')))
    for (const folder of ['srv/shop', 'srv-old', 'home'])
      fs.mkdirSync(path.join(temporary, folder), { recursive: true })
    for (const file of ['srv/shop/compose.yaml', 'srv-old/compose.yaml', 'home/compose.yaml']) {
      fs.writeFileSync(path.join(temporary, file), '')
    }
    fs.symlinkSync('../../home/compose.yaml', path.join(temporary, 'srv/shop/link.yaml'))
    fs.symlinkSync('../home', path.join(temporary, 'srv/linked'))
    fs.symlinkSync('srv', path.join(temporary, 'root-by-link'))
    roots = [path.join(temporary, 'srv')]
  })
  afterAll(() => fs.rmSync(temporary, { recursive: true }))

  function outside(files: readonly string[], from = roots, envFiles: readonly string[] = []) {
    const inside = (file: string) => path.join(temporary, file)
    const project: ComposeProject = {
      name: shop,
      directory: temporary,
      files: files.map(inside),
      envFiles: envFiles.map(inside),
    }
    const found = fileOutside(from, project)
    return found && path.relative(temporary, found)
  }

  it.each([
    { file: 'srv/shop/compose.yaml', is: undefined },
    { file: 'srv/shop/gone.yaml', is: undefined },
    { file: 'home/compose.yaml', is: 'home/compose.yaml' },
    { file: 'srv-old/compose.yaml', is: 'srv-old/compose.yaml' },
    { file: 'srv/shop/../../home/compose.yaml', is: 'home/compose.yaml' },
    { file: 'srv/shop/link.yaml', is: 'srv/shop/link.yaml' },
    { file: 'srv/linked/compose.yaml', is: 'srv/linked/compose.yaml' },
    { file: 'home/gone.yaml', is: 'home/gone.yaml' },
  ])('is looked for with links resolved: $file', ({ file, is }) => {
    expect(outside([file])).toBe(is)
  })

  it('may be any of several, an env file too', () => {
    expect(outside(['srv/shop/compose.yaml', 'home/compose.yaml'])).toBe('home/compose.yaml')
    expect(outside(['srv/shop/compose.yaml'], roots, ['home/shop.env'])).toBe('home/shop.env')
  })

  it.each(['srv/', 'root-by-link', '.', '../../../../..'])('is not one below the root %s', (root) => {
    expect(outside(['srv/shop/compose.yaml'], [`${temporary}/${root}`])).toBeUndefined()
  })

  it('is inside when any of the roots holds it', () => {
    expect(outside(['home/compose.yaml'], [...roots, path.join(temporary, 'home')])).toBeUndefined()
  })
})
