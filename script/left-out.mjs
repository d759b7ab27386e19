// Parts of packages that the command never uses, and one that it seldom does: they made up half of the bundle.
import { build } from 'esbuild'

const nothing = 'export {}'

/** What is asked for, by whom, and what is there in its place. */
const leftOut = [
  // Only builds of images need these.
  ['@grpc/grpc-js', 'dockerode/lib/session.js', nothing],
  ['@grpc/proto-loader', 'dockerode/lib/session.js', nothing],
  ['protobufjs', 'dockerode/lib/buildkit.js', nothing],
  // Another database, and jobs that are repeated.
  ['./postgres', 'bullmq/dist/cjs/index.js', nothing],
  ['cron-parser', 'bullmq/dist/cjs/classes/job-scheduler.js', nothing],
  // Its native part is found in node_modules alone, and it does without when it is not there.
  ['msgpackr-extract', 'msgpackr/dist/node.cjs', 'throw new Error("left out")'],
  // English has a file of its own.
  ['../locales/index.js', 'zod/v4/classic/external.js', nothing],
  ['../locales/index.js', 'zod/v4/core/index.js', nothing],
  // In a file of its own, for DOCKER_HOST=ssh://.
  ['./ssh', 'docker-modem/lib/modem.js', 'module.exports = (to) => require("./ssh.cjs")(to)'],
]

/** Fails where a package does not ask any more for what is left out. */
export const leaveOut = {
  name: 'leave-out',
  setup({ onResolve, onLoad, onEnd }) {
    const met = new Set()
    onResolve({ filter: /./ }, ({ path, importer }) => {
      const index = leftOut.findIndex(
        ([name, by]) => path === name && importer.endsWith(`node_modules/${by}`),
      )
      if (index < 0) return undefined
      met.add(index)
      return { path: String(index), namespace: 'left-out' }
    })
    onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => ({ contents: leftOut[path][2] }))
    onEnd(() => ({
      errors: leftOut
        .filter((_, index) => !met.has(index))
        .map(([name, by]) => ({ text: `${by} does not ask for ${name} any more` })),
    }))
  },
}

export async function bundleSsh(root, outfile) {
  await build({
    absWorkingDir: root,
    entryPoints: ['node_modules/docker-modem/lib/ssh.js'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    // Native parts that it does without.
    external: ['*.node', 'cpu-features'],
    logLevel: 'warning',
  })
}
