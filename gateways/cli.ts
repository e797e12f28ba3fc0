/** `kilat <verb>` for operators, beside a running engine or with its stores' addresses in the environment. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../engine/ports.ts'
import { systemEnv } from '../engine/system_env.ts'
import { connectNats } from '../persistence/nats.ts'
import { openPolicies } from '../persistence/policies.ts'
import { loadConfig } from './config.ts'
import { policyVerbs, Refused, type Tools } from './operator.ts'

const config = loadConfig(process.env)
const print = (line: string) => void process.stdout.write(`${line}\n`)

type Verb = (words: readonly string[]) => Promise<void>

/** Where the stores of this deployment are: as the environment says, or else the running engine. */
async function natsUrl(): Promise<string> {
  if (config.nats_url !== undefined) return config.nats_url
  const path = join(config.data_dir, 'endpoints.json')
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Refused(`${path} is missing: start the engine first, or give its DATA_DIR or NATS_URL`)
  })
  return (JSON.parse(text) as { nats_url: string }).nats_url
}

const withPolicies =
  (verb: (tools: Tools, words: readonly string[]) => Promise<void>): Verb =>
  async (words) => {
    const url = await natsUrl()
    const link = await connectNats({ url, name: 'kilat-cli', env: systemEnv(config.log_level, 'cli') })
    try {
      const read = (path: string) => readFile(path, 'utf8')
      await verb({ policies: openPolicies(link), readFile: read, print }, words)
    } finally {
      await link.close()
    }
  }

/** Two words each. */
const verbs: Readonly<Record<string, Verb>> = {
  ...Object.fromEntries(Object.entries(policyVerbs).map(([name, verb]) => [name, withPolicies(verb)])),
}

async function main([noun = '', verb = '', ...rest]: readonly string[]): Promise<void> {
  const name = `${noun} ${verb}`
  const run = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (!run) throw new Refused(`usage: kilat ${Object.keys(verbs).join(' | ')}`)
  await run(rest)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof Refused || error instanceof Fault || error instanceof Error)) throw error
  process.stderr.write(`kilat: ${error.message}\n`)
  process.exitCode = 1
})
