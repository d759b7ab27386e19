/** What the API grants at most; each is a variable of the configuration. */
export interface Limits {
  /** Failed authentications of one address in a minute. */
  readonly failedAuths: number
  /** Peers whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[]
  /** Logs that are being sent at the same time, in all and of one service. */
  readonly streams: number
  readonly streamsPerService: number
  /** Jobs of a host that wait for its worker to look at them. */
  readonly waitingJobs: number
  /** The time in which a request has to be here, from its first byte to its last. */
  readonly requestTimeoutMs: number
  /** How long a client may take nothing of an answer that waits for it. */
  readonly readTimeoutMs: number
}
