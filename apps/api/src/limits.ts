/** What the API grants at most; each is a variable of the configuration. */
export interface Limits {
  /** Failed authentications of one address in a minute. */
  readonly failedAuths: number
  /** Peers whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[]
}
