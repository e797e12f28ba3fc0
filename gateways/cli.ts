/** What an operator does by hand: `kilat policy show` and `kilat policy set FILE`. The second composition root. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemEnv } from '../engine/system_env.ts'
import { connectNats } from '../persistence/nats.ts'
import { openPolicies } from '../persistence/policies.ts'
import { type Config, loadConfig } from './config.ts'
import { Mistake, policyVerbs, type Tools } from './operator.ts'

const print = (line: string) => void process.stdout.write(`${line}\n`)

const verbs: Readonly<Record<string, (config: Config, argument: string | undefined) => Promise<void>>> = {
  'policy show': (config) => withPolicies(config, policyVerbs['policy show']),
  'policy set': (config, file) => withPolicies(config, (tools) => policyVerbs['policy set'](tools, file)),
}

/** The policies of the environment's NATS, or of the embedded one of the engine that runs here. */
async function withPolicies(config: Config, work: (tools: Tools) => Promise<void>): Promise<void> {
  const env = systemEnv(config.log_level, 'cli')
  const link = await connectNats({ url: await natsOf(config), name: 'kilat-cli', env })
  try {
    await work({ policies: openPolicies(link), readFile: (path) => readFile(path, 'utf8'), print })
  } finally {
    await link.close()
  }
}

async function natsOf({ nats_url, data_dir }: Config): Promise<string> {
  if (nats_url !== undefined) return nats_url
  const text = await readFile(join(data_dir, 'endpoints.json'), 'utf8').catch(() => '{}')
  const { nats_url: embedded } = JSON.parse(text) as { nats_url?: string }
  if (embedded === undefined) throw new Mistake('no engine has started here: start it, or set NATS_URL')
  return embedded
}

async function run([noun = '', verb = '', ...rest]: readonly string[]): Promise<void> {
  const work = verbs[`${noun} ${verb}`]
  if (!work) throw new Mistake(`usage: kilat ${Object.keys(verbs).join(' | kilat ')}`)
  await work(loadConfig(process.env), rest[0])
}

run(process.argv.slice(2)).catch((cause: unknown) => {
  process.stderr.write(`kilat: ${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exitCode = 1
})
