/** What an operator does by hand: `kilat policy show`, `kilat policy set FILE`, `kilat admin grant EMAIL` and `kilat keys rotate`. The second composition root. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemEnv } from '../engine/system_env.ts'
import { openAccounts } from '../persistence/accounts.ts'
import { connectNats } from '../persistence/nats.ts'
import { closeSql, openSql } from '../persistence/pg.ts'
import { openPolicies } from '../persistence/policies.ts'
import { limits } from '../protocols/limits.ts'
import { type Config, loadConfig } from './config.ts'
import { rotateKeys } from './identity/keys.ts'
import { emailOf } from './identity/login.ts'
import { openLog } from './log.ts'
import { Mistake, policyVerbs, type Tools } from './operator.ts'

const print = (line: string) => void process.stdout.write(`${line}\n`)

const verbs: Readonly<Record<string, (config: Config, argument: string | undefined) => Promise<void>>> = {
  'policy show': (config) => withPolicies(config, policyVerbs['policy show']),
  'policy set': (config, file) => withPolicies(config, (tools) => policyVerbs['policy set'](tools, file)),

  'admin grant': async (config, email) => {
    if (email === undefined) throw new Mistake('usage: kilat admin grant EMAIL')
    const sql = openSql({ url: await databaseOf(config), max: 1, application_name: 'kilat-cli' })
    try {
      const account = await openAccounts(sql).setRole(emailOf(email), 'admin')
      if (!account) throw new Mistake(`nobody has registered as ${email}`)
      print(`${account.email} is an admin: from the next login, or refresh, on.`)
    } finally {
      await closeSql(sql)
    }
  },

  'keys rotate': async ({ signing_keys, data_dir }) => {
    if (signing_keys !== undefined)
      throw new Mistake(
        'the keys come from SIGNING_KEYS: put a fresh one in front there, and keep the others',
      )
    const kid = await rotateKeys(data_dir, Date.now())
    print(`Key ${kid} is there, and signs in ${limits.key_settle_ms / 1_000} s.`)
    print(`The keys before it verify for ${limits.key_retire_ms / 3_600_000} h more: nobody is logged out.`)
  },
}

/** The policies of the environment's NATS, or of the embedded one of the engine that runs here. */
async function withPolicies(config: Config, work: (tools: Tools) => Promise<void>): Promise<void> {
  const env = systemEnv(openLog(config.log_level, 'cli'))
  const link = await connectNats({ url: await natsOf(config), name: 'kilat-cli', env })
  try {
    await work({ policies: openPolicies(link), readFile: (path) => readFile(path, 'utf8'), print })
  } finally {
    await link.close()
  }
}

const natsOf = async ({ nats_url, data_dir }: Config) =>
  nats_url ?? (await embedded(data_dir, 'nats_url', 'NATS_URL'))
const databaseOf = async ({ database_url, data_dir }: Config) =>
  database_url ?? (await embedded(data_dir, 'database_url', 'DATABASE_URL'))

/** Where the engine that runs here says that its own store is. */
async function embedded(data_dir: string, field: string, key: string): Promise<string> {
  const text = await readFile(join(data_dir, 'endpoints.json'), 'utf8').catch(() => '{}')
  const url = (JSON.parse(text) as Readonly<Record<string, string | undefined>>)[field]
  if (url === undefined) throw new Mistake(`no engine has started here: start it, or set ${key}`)
  return url
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
