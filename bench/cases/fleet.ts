import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { post } from '../../test/harness/http.ts'
import { published } from '../../test/harness/layout.ts'
import type { Case } from '../case.ts'
import { createFleet } from '../fleet.ts'
import { startServe } from '../serve.ts'
import { median } from '../statistics.ts'
import { requireSuccess } from '../verdicts.ts'

const size = { projects: 100, servicesEach: 10 }
const upMs = 50
/** The default. */
const slots = 4
const rounds = 3

export const fleet: Case = {
  name: 'fleet',
  how:
    `${size.projects * size.servicesEach} services in ${size.projects} projects, all requested at once, each with a token of its own, ${rounds} times; every verdict ` +
    `must be 0. Compose is a script that takes ${upMs} ms. The ideal schedule keeps all ${slots} slots (MAX_PARALLEL_DEPLOYS) at work and loses no time between two runs. ` +
    `\`xargs -P ${slots}\` does nothing but start the same script as often.`,
  async run(atEnd) {
    const { services, folder } = await createFleet(atEnd, size)
    const compose = path.join(folder, 'compose')
    await fs.writeFile(compose, script, { mode: 0o755 })
    const { url } = await startServe(atEnd, { COMPOSE_COMMAND: compose })
    for (const { token, name } of services) await published(url, token, name)
    const taken: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const begunAt = performance.now()
      const answers = await Promise.all(
        services.map(({ project, name, token }) => post(`${url}/${project}/${name}`, token)),
      )
      taken.push((performance.now() - begunAt) / 1000)
      requireSuccess(answers)
    }
    const idealSeconds = (services.length * upMs) / slots / 1000
    const shareOf = (seconds: number) => (100 * idealSeconds) / seconds
    const shares = taken.map(shareOf)
    return [
      {
        measure: 'of the ideal schedule',
        value: median(shares),
        unit: '%',
        target: { atLeast: 95 },
        samples: { fleet: shares },
      },
      { measure: 'until the last verdict', value: median(taken), unit: 's', samples: { fleet: taken } },
      {
        measure: `of the ideal schedule, xargs -P ${slots}`,
        value: shareOf(await byXargs(compose)),
        unit: '%',
      },
    ]
  },
}

async function byXargs(compose: string): Promise<number> {
  const begunAt = performance.now()
  const count = size.projects * size.servicesEach
  await promisify(execFile)('sh', ['-c', `seq ${count} | xargs -P ${slots} -n 1 "$0" up`, compose])
  return (performance.now() - begunAt) / 1000
}

/**
 * Answers `config` with what the labels of the file say, without any YAML: each service stands in a line of its own. The
 * catalogue asks for all of a project, a deploy for the one behind `--`.
 */
const script = `#!/bin/sh
file=
previous=
name='[^:]*'
for word; do
  [ "$previous" = -f ] && file=$word
  [ "$previous" = -- ] && name=$word
  [ "$word" = up ] && exec sleep ${upMs / 1000}
  [ "$word" = version ] && { echo 2.26.1; exit; }
  previous=$word
done
sed -n "s|^  \\($name\\): .*labels: \\(.*\\) }$|\\"\\1\\":{\\"image\\":\\"fixture/busybox:1\\",\\"labels\\":\\2}|p" "$file" |
  awk 'BEGIN { printf "{\\"services\\":{" } { printf "%s%s", (NR > 1 ? "," : ""), $0 } END { print "}}" }'
`
