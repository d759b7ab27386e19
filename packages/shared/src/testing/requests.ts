import { newJobId, type JobRequest } from '../contract/job.ts'
import { hostId, projectName, serviceName, type ServiceKey } from '../contract/service.ts'

/** `keyOf('shop/hello')`: a service on the host of the tests. */
export function keyOf(name: string, host = 'ALPHA'): ServiceKey {
  const [project, service] = name.split('/')
  return {
    host: hostId.parse(host),
    project: projectName.parse(project),
    service: serviceName.parse(service),
  }
}

/** A request as the API makes it, but for a proof that means anything. */
export function requestOf(name: string, more: Partial<JobRequest> = {}): JobRequest {
  const now = Date.now()
  return {
    ...keyOf(name),
    id: newJobId(),
    acceptedAt: new Date(now).toISOString(),
    startBy: new Date(now + 600_000).toISOString(),
    tokenDigest: 'digest',
    proof: 'proof',
    ...more,
  }
}
