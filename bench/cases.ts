import type { Case } from './case.ts'
import { burst } from './cases/burst.ts'
import { catalogue } from './cases/catalogue.ts'
import { nothingToDo, recreate } from './cases/deploy.ts'
import { enqueue } from './cases/enqueue.ts'
import { fanOut } from './cases/fan-out.ts'
import { firstByte } from './cases/first-byte.ts'
import { fleet } from './cases/fleet.ts'
import { held } from './cases/held.ts'
import { history } from './cases/history.ts'
import { lines } from './cases/lines.ts'
import { memory } from './cases/memory.ts'
import { start } from './cases/start.ts'

/** In the order of the page. */
export const cases: readonly Case[] = [
  nothingToDo,
  recreate,
  firstByte,
  lines,
  fanOut,
  held,
  burst,
  fleet,
  enqueue,
  catalogue,
  history,
  memory,
  start,
]
