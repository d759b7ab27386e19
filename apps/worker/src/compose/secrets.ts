import { z } from 'zod'

const variables = z.record(z.string(), z.unknown()).nullish()
const withVariables = z.looseObject({
  image: z.string().optional(),
  container_name: z.string().optional(),
  environment: variables.catch(undefined),
  build: z.looseObject({ args: variables }).nullish().catch(undefined),
  labels: variables.catch(undefined),
})
const filledConfig = z.looseObject({
  name: z.string().optional(),
  services: z.record(z.string(), withVariables),
})

/** Shorter values would be found everywhere, and hiding them would hide what happened. */
const shortest = 6

const harmless: ReadonlySet<string> = new Set(
  (
    'enabled disabled default verbose warning production development staging testing localhost ' +
    '127.0.0.1 0.0.0.0 en_US.UTF-8 C.UTF-8'
  )
    .toLowerCase()
    .split(' '),
)

/**
 * What must not be read in a log: the values of variables and tokens in what `config` printed, as compose and others may
 * write them. Not those that compose has to print, because they stand in the name of a project, service or image.
 */
export function secretsOf(config: unknown): readonly string[] {
  const { name = '', services } = filledConfig.parse(config)
  const names = [name, ...Object.keys(services)]
  for (const { image = '', container_name = '' } of Object.values(services)) names.push(image, container_name)
  const values = Object.values(services).flatMap(({ environment, build, labels }) => [
    ...Object.values(environment ?? {}),
    ...Object.values(build?.args ?? {}),
    labels?.['redeployster.token'],
  ])
  const lines = values.flatMap((it) => (typeof it === 'string' ? linesOf(it) : []))
  const isSecret = (text: string) =>
    text.length >= shortest && !harmless.has(text.toLowerCase()) && !names.some((it) => it.includes(text))
  return [
    ...new Set(
      lines
        .filter(isSecret)
        .flatMap(spellings)
        .filter((it) => it.length >= shortest),
    ),
  ]
}

/** A log has lines, so a value of several is looked for line by line. `config` writes a dollar sign twice. */
function linesOf(value: string): readonly string[] {
  const lines = value.replaceAll('$$', '$').split(/[\r\n]+/)
  return [...lines.map((line) => line.trim()), ...lines.flatMap(passwordsIn)]
}

/** Of an address such as `postgres://user:password@db/shop`, the password alone, too. */
function passwordsIn(text: string): readonly string[] {
  return [...text.matchAll(/:\/\/[^/\s:@]*:([^/\s@]+)@/g)].flatMap(([, password = '']) => [
    password,
    decoded(password),
  ])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not encoded, then: it stands for itself.
    return text
  }
}

/** As it is, as it stands in a compose file, and between quotation marks. */
function spellings(text: string): readonly string[] {
  return [text, text.replaceAll('$', '$$$$'), JSON.stringify(text).slice(1, -1)]
}
