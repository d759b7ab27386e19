import { RefusedError } from '@redeployster/shared/contract/errors'
import { beginFreeze, freezeRequest, type Freeze } from '@redeployster/shared/contract/freeze'

/** The freeze that a body asks for, from now on. */
export function readFreeze(body: string, now: Date): Freeze {
  const parsed = freezeRequest.safeParse(parseJson(body))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw badRequest([issue?.path.join('.'), issue?.message].filter(Boolean).join(': '))
  }
  const begun = beginFreeze(parsed.data, now)
  if ('problem' in begun) throw badRequest(begun.problem)
  return begun
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Nothing at all is refused like any other thing that is no request.
    return undefined
  }
}

function badRequest(why: string) {
  return new RefusedError(
    'bad_request',
    `The body asks for no freeze that can be (${why}). ` +
      'Send JSON such as {"reason": "the database moves", "for": "2h"}; "until" and "by" may be given too.',
  )
}
