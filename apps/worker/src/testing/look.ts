import { testEngine, type TestProject } from '@redeployster/shared/testing/docker'
import { createVerifier } from '@redeployster/shared/oidc/verifier'
import { connectDocker } from '../catalogue/docker.ts'
import { lookAtService, type Look, type Looking } from '../look.ts'
import { engineChecks, provenRequest } from './engine.ts'

export interface Asked extends Partial<Looking> {
  readonly service?: string
  readonly token?: string
}

/** What a worker sees of a service when somebody with this token asks for a deploy. */
export async function look(project: TestProject, asked: Asked = {}): Promise<Look> {
  const { service = 'hello', token = 'dolphin', ...looking } = asked
  const docker = connectDocker(testEngine().dockerHost)
  const request = provenRequest(project, service, token)
  return lookAtService(request, {
    ...engineChecks(),
    docker,
    adminHash: undefined,
    secret: 'the secret of the test',
    verifier: createVerifier(),
    timeoutMs: 1000,
    ownIds: new Set(),
    expected: () => [],
    ...looking,
  })
}
