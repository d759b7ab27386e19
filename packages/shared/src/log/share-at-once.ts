/**
 * Lets all who want the same at the same moment share one question and its answer: a line, or a verdict, wakes every
 * follower of a log at once. Whoever comes after that moment asks anew, since there may be something new to hear.
 */
export function shareAtOnce(): <Answer>(what: string, ask: () => Promise<Answer>) => Promise<Answer> {
  const asked = new Map<string, Promise<unknown>>()
  return <Answer>(what: string, ask: () => Promise<Answer>) => {
    const other = asked.get(what)
    // Whoever names the same thing asks for the same kind of answer.
    if (other) return other as Promise<Answer>
    const own = ask()
    asked.set(what, own)
    process.nextTick(() => asked.delete(what))
    return own
  }
}
