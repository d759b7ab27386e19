import { ask } from './http.ts'

/** Whether it would accept a deploy of every service that there is. */
export async function isReady(url: string): Promise<boolean> {
  return ask('GET', `${url}/readyz`).answer.then(
    ({ status, body }) => status === 200 && !body.includes('checking'),
    () => false,
  )
}
