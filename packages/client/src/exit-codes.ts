// Of the contract, which knows them beside its schemas: those would be most of the client, so a test compares them.

/** Exit codes that the client gives itself. */
export const exitCode = { unknown: 125, rejected: 126, cancelled: 130 } as const
