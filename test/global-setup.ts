/** Nothing here may depend on the machine: what a test needs it starts by itself. */
export default function setup(): void {
  process.env.TZ = 'UTC'
}
