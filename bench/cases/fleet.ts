import fs from 'node:fs/promises'
import path from 'node:path'
import { post } from '../../test/harness/http.ts'
import { published } from '../../test/harness/layout.ts'
import type { Case } from '../case.ts'
import { createFleet } from '../fleet.ts'
import { startServe } from '../serve.ts'

const size = { projects: 100, servicesEach: 10 }
const upMs = 50
const slots = 4

export const fleet: Case = {
  name: 'fleet',
  how:
    `${size.projects * size.servicesEach} services in ${size.projects} projects, all requested at once, each with a token of its own. Compose is a script that ` +
    `takes ${upMs} ms. The ideal schedule keeps all ${slots} slots (MAX_PARALLEL_DEPLOYS) at work and loses no time between two runs.`,
  async run() {
    const all = await createFleet(size)
    const compose = path.join(all.folder, 'compose')
    await fs.writeFile(compose, script, { mode: 0o755 })
    const serve = await startServe({ COMPOSE_COMMAND: compose, MAX_PARALLEL_DEPLOYS: String(slots) })
    try {
      for (const { token, name } of all.services) await published(serve.url, token, name)
      const begunAt = performance.now()
      const answers = await Promise.all(
        all.services.map(({ project, name, token }) => post(`${serve.url}/${project}/${name}`, token)),
      )
      const seconds = (performance.now() - begunAt) / 1000
      const wrong = answers.filter(({ exitCode }) => exitCode !== '0')
      const ideal = (all.services.length * upMs) / slots / 1000
      return [
        { measure: 'wrong verdicts', value: wrong.length, unit: 'count', target: { atMost: 0 } },
        {
          measure: 'of the ideal schedule',
          value: (100 * ideal) / seconds,
          unit: '%',
          target: { atLeast: 95 },
        },
        { measure: 'until the last verdict', value: seconds, unit: 's' },
      ]
    } finally {
      await serve.stop()
      await all.remove()
    }
  },
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
