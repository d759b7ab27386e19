import type { Case } from './case.ts'
import { nothingToDo, recreate } from './cases/deploy.ts'

/** In the order of the page. */
export const cases: readonly Case[] = [nothingToDo, recreate]
