import { isDeployPossible, type DoctorReport } from './doctor-report.ts'
import { serviceLines } from './service-lines.ts'
import { alignedLines, printable, type Row } from './rows.ts'

/** What the doctor says to a person. */
export function doctorLines(report: DoctorReport): readonly string[] {
  const verdict = isDeployPossible(report)
    ? 'Deploys are possible.'
    : 'Deploys are impossible until what is marked !! is mended.'
  return [...alignedLines(hostRows(report)), '', ...serviceLines(report), verdict].map(printable)
}

function hostRows({ node, engine, dockerHost, compose, flock, redis, stateDir }: DoctorReport): Row[] {
  return [
    row('node', node),
    'problem' in engine
      ? failing('engine', `none answers at ${dockerHost}: start it, or set DOCKER_HOST`, [engine.problem])
      : row('engine', `${engine.version} at ${dockerHost}`),
    'problem' in compose
      ? failing('compose', compose.problem)
      : row('compose', `${compose.version}, ${compose.command.join(' ')}`, compose.warnings),
    flock.problem === undefined ? row('flock', 'installed') : failing('flock', flock.problem),
    redisRow(redis),
    stateDir.problem === undefined
      ? row('state', `${stateDir.path} can be written to`)
      : failing('state', `STATE_DIR: ${stateDir.problem}`),
  ]
}

function redisRow(redis: DoctorReport['redis']): Row {
  switch (redis.kind) {
    case 'answers': {
      const { version, place, keeping, problems, warnings } = redis
      const text = [`${version} ${place}`, ...(keeping === undefined ? [] : [keeping])].join(', ')
      return problems.length > 0
        ? failing('redis', text, [...problems, ...warnings])
        : row('redis', text, warnings)
    }
    case 'startable':
      return row('redis', `${redis.program}, which serve would start; REDIS_URL is not set`)
    case 'unusable':
      return failing('redis', redis.problem)
  }
}

function row(name: string, text: string, warnings: readonly string[] = []): Row {
  return { mark: warnings.length > 0 ? '--' : 'ok', name, text, below: warnings }
}

function failing(name: string, text: string, below: readonly string[] = []): Row {
  return { mark: '!!', name, text, below }
}
