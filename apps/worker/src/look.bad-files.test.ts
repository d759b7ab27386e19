import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
} from '@redeployster/shared/testing/docker'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { look } from './testing/look.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const labels = 'labels: { redeployster.token: dolphin }'
const yaml = `
  services:
    hello: { <<: *base, ${labels} }
`

describeWithEngine('a look at files that were changed after the container was made', () => {
  afterEach(removeProjects)

  it.each([
    ['B49 a file without the service', 'services: { other: { image: x } }', 'no such service: hello'],
    ['B49 a file in which it has another name', yaml.replace('hello:', 'hullo:'), 'no such service: hello'],
    [
      'B50 a service that extends itself',
      `services: { hello: { extends: { service: hello }, image: x } }`,
      /[Cc]ircular|cycle/,
    ],
    [
      'B50 a file that includes itself',
      `include: [compose.yaml]\nservices: { hello: { image: x } }`,
      'cycle',
    ],
    [
      'B50 an include from elsewhere',
      'include: ["oci://127.0.0.1:1/x"]\nservices: { hello: { image: x } }',
      /oci|OCI/,
    ],
    ['B50 a folder for a file', undefined, 'is a directory'],
  ])('passes on what compose says of %s', async (_, text, says) => {
    const project = await createProject({ yaml })
    await project.compose('create')
    const file = path.join(project.directory, 'compose.yaml')
    fs.rmSync(file)
    if (text === undefined) fs.mkdirSync(file)
    else await project.write('compose.yaml', text)
    const seen = await look(project)
    expect(seen).toMatchObject({ kind: 'unreadable' })
    expect(seen.kind === 'unreadable' && seen.output.join('\n')).toMatch(says)
  })

  it('B49 finds a service in a profile that is not active, as compose itself does when it is named', async () => {
    const project = await createProject({ yaml: yaml.replace(labels, `${labels}, profiles: [rare]`) })
    await project.compose('--profile', 'rare', 'create')
    expect(await look(project)).toMatchObject({ kind: 'ready' })
  })

  it('B44 follows a link anew each time, and never out of the project roots', async () => {
    const project = await createProject({ yaml })
    const [roots, elsewhere] = [temporaryFolder(), temporaryFolder()]
    const link = path.join(roots, 'compose.yaml')
    for (const folder of [roots, elsewhere]) {
      fs.copyFileSync(path.join(project.directory, 'compose.yaml'), path.join(folder, 'real.yaml'))
    }
    fs.symlinkSync('real.yaml', link)
    await project.compose('-f', link, 'create')
    expect(await look(project, { projectRoots: [roots] })).toMatchObject({ kind: 'ready' })
    fs.rmSync(link)
    fs.symlinkSync(path.join(elsewhere, 'real.yaml'), link)
    expect(await look(project, { projectRoots: [roots] })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('outside PROJECT_ROOTS') as string,
    })
  })

  describe('B41 of two containers with different tokens', () => {
    it('believes the newer one, if the file says the same', async () => {
      const project = await createProject({ yaml })
      await project.compose('create')
      await project.write('compose.yaml', yaml.replace('dolphin', 'porpoise'))
      await project.compose('create', '--scale', 'hello=2', '--no-recreate')
      const containers = await docker(
        'ps',
        '-aq',
        '--filter',
        `label=com.docker.compose.project=${project.name}`,
      )
      expect(containers.split('\n')).toHaveLength(2)
      expect(await look(project, { token: 'porpoise' })).toMatchObject({ kind: 'ready' })
      expect(await look(project, { token: 'dolphin' })).toMatchObject({ kind: 'rejected' })
    })
  })
})
