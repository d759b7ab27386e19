import { expect, it } from 'vitest'
import { imageDigest, repositoryOf } from './image.ts'

it.each([
  ['redis', 'docker.io/library/redis'],
  ['redis:7', 'docker.io/library/redis'],
  ['docker.io/redis:7', 'docker.io/library/redis'],
  ['docker.io/library/redis', 'docker.io/library/redis'],
  ['index.docker.io/library/redis@sha256:1', 'docker.io/library/redis'],
  ['team/app:latest', 'docker.io/team/app'],
  ['docker.io/team/app', 'docker.io/team/app'],
  ['localhost/app:1', 'localhost/app'],
  ['localhost:5000/app', 'localhost:5000/app'],
  ['127.0.0.1:5000/team/app:1@sha256:1', '127.0.0.1:5000/team/app'],
  ['ghcr.io/team/app:1.2', 'ghcr.io/team/app'],
])('%s leads to %s', (name, repository) => {
  expect(repositoryOf(name)).toBe(repository)
})

const image = {
  id: 'sha256:0',
  digests: ['mirror:5000/app@sha256:1', 'app@sha256:2', 'ghcr.io/a/app@sha256:3'],
}

it.each([
  ['the registry that the compose file names', image, ['ghcr.io/a/app:latest'], 'sha256:3'],
  ['Docker Hub, which need not be named', image, ['docker.io/library/app'], 'sha256:2'],
  ['a registry with a port', image, ['mirror:5000/app:1'], 'sha256:1'],
  ['the place that the container names', image, ['app:1', 'ghcr.io/a/app:1'], 'sha256:2'],
  ['the place that the file names, when the container has only an ID', image, ['0a1b', 'app'], 'sha256:2'],
  ['no place that is named', image, ['ghcr.io/b/app'], 'sha256:0'],
  ['no place at all, since it was made on this host', { id: 'sha256:0', digests: [] }, ['app'], 'sha256:0'],
])('an image has its digest of %s', (_, of, names, digest) => {
  expect(imageDigest(of, ...names)).toBe(digest)
})
