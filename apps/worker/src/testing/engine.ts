import type { JobRequest } from '@redeployster/shared/contract/job'
import { proofOf, Token } from '@redeployster/shared/contract/token'
import { testEngine, type TestProject } from '@redeployster/shared/testing/docker'
import { requestOf } from '@redeployster/shared/testing/requests'
import type { ServiceChecks } from '../catalogue/check-service.ts'
import type { Argv } from '../compose/command.ts'
import { composeEnvironment } from '../compose/environment.ts'
import { createResolveService } from '../compose/resolve.ts'
import { createRunCompose } from '../compose/run-compose.ts'

/** What a worker of the test engine gives to compose. */
export function workerEnvironment(): Record<string, string> {
  return { ...composeEnvironment(process.env, []), DOCKER_HOST: testEngine().dockerHost }
}

export function engineChecks(): ServiceChecks & { readonly compose: Argv } {
  const compose: Argv = [testEngine().compose]
  return {
    resolve: createResolveService(createRunCompose(workerEnvironment()), compose),
    compose,
    projectRoots: undefined,
  }
}

/** A job that somebody asked for who knows the token. */
export function provenRequest({ name }: TestProject, service: string, token: string): JobRequest {
  const request = requestOf(`${name}/${service}`)
  return { ...request, proof: proofOf(new Token(token).hash, request) }
}
