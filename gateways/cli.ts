/** What an operator does by hand: `kilat VERB`. The second composition root. Words and options of each verb: verbs.mjs. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { behaviours } from '../actors/behaviours.ts'
import { systemEnv } from '../engine/system_env.ts'
import { openAccounts } from '../persistence/accounts.ts'
import { projectDir } from '../persistence/embedded/project_dir.ts'
import { openErasure } from '../persistence/erasure.ts'
import { openJournal } from '../persistence/journal.ts'
import { readMovement } from '../persistence/movement.ts'
import { connectNats, type NatsLink } from '../persistence/nats.ts'
import { openPersonKeys } from '../persistence/person_keys.ts'
import { closeSql, openSql, type Sql } from '../persistence/pg.ts'
import { openPolicies } from '../persistence/policies.ts'
import { openSnapshots } from '../persistence/snapshots.ts'
import { shardsOf } from '../persistence/streams.ts'
import { openTraces } from '../persistence/traces.ts'
import { openWorkbench } from '../persistence/workbench.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { type Config, loadConfig } from './config.ts'
import { openLog } from './log.ts'
import { type Desk, Mistake, Misuse, type Verb, type Words } from './ops/desk.ts'
import { erase } from './ops/erase.ts'
import { exportIncident, rerunIncidents } from './ops/export.ts'
import { rebuildProjections } from './ops/lists.ts'
import { livingAt } from './ops/live.ts'
import { diff, state } from './ops/moment.ts'
import { adminGrant, keysRewrap, keysRotate } from './ops/people.ts'
import { policySet, policyShow } from './ops/policy.ts'
import { replay } from './ops/replay.ts'
import { verify } from './ops/verify.ts'
import { whatif } from './ops/whatif/whatif.ts'
import { loadMasters } from './vault/masters.ts'
import { openVault, type Vault } from './vault/vault.ts'

/** Each verb of verbs.mjs that runs here. */
const runs: Readonly<Record<string, Verb>> = {
  'policy show': policyShow,
  'policy set': policySet,
  'admin grant': adminGrant,
  'keys rotate': keysRotate,
  'keys rewrap': keysRewrap,
  erase,
  state,
  diff,
  replay,
  export: exportIncident,
  rerun: rerunIncidents,
  verify,
  'rebuild projections': rebuildProjections,
  whatif,
}

/** What verbs.mjs makes of a command line. */
type Reading =
  | { readonly help: string }
  | { readonly flaw: string }
  | (Words & { readonly row: { readonly name: string } })

/** Connections are made at the first need. */
class Connections {
  readonly #config: Config
  readonly #env = systemEnv(openLog('warn', 'cli'))
  #link: Promise<NatsLink> | undefined
  #sql: Promise<Sql> | undefined
  #vault: Vault | undefined

  constructor(config: Config) {
    this.#config = config
  }

  /** To the environment's NATS, or the embedded one of the engine that runs here. */
  link(): Promise<NatsLink> {
    this.#link ??= this.#urlOf('nats_url', 'NATS_URL').then((url) =>
      connectNats({ url, name: 'kilat-cli', env: this.#env }),
    )
    return this.#link
  }

  sql(): Promise<Sql> {
    this.#sql ??= this.#urlOf('database_url', 'DATABASE_URL').then((url) =>
      openSql({ url, max: 2, application_name: 'kilat-cli' }),
    )
    return this.#sql
  }

  async vault(): Promise<Vault> {
    const masters = await loadMasters(this.#config.personal_key, this.#config.data_dir)
    this.#vault ??= openVault({ keys: openPersonKeys(await this.sql()), masters, env: this.#env })
    return this.#vault
  }

  async close(): Promise<void> {
    this.#vault?.stop()
    const [link, sql] = await Promise.allSettled([this.#link, this.#sql])
    if (link.status === 'fulfilled') await link.value?.close()
    if (sql.status === 'fulfilled' && sql.value) await closeSql(sql.value)
  }

  /** Of the environment, or where the engine that runs here says that its own store is. */
  async #urlOf(field: 'nats_url' | 'database_url', key: string): Promise<string> {
    const { data_dir, [field]: given } = this.#config
    if (given !== undefined) return given
    const text = await readFile(join(data_dir, 'endpoints.json'), 'utf8').catch(() => '{}')
    const url = (JSON.parse(text) as Readonly<Record<string, string | undefined>>)[field]
    if (url === undefined) throw new Mistake(`no engine has started here: start it, or set ${key}`)
    return url
  }
}

function deskOn(config: Config, connections: Connections): Desk {
  const env = systemEnv(openLog('warn', 'cli'))
  return {
    config,
    env,
    behaviours,
    print: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    readFile: (path) => readFile(path, 'utf8'),
    writeFile: (path, text) => writeFile(path, text),
    policies: async () => openPolicies(await connections.link()),
    accounts: async () => openAccounts(await connections.sql()),
    snapshots: async () => openSnapshots(await connections.sql()),
    workbench: async () => openWorkbench(await connections.sql()),
    movement: async (from_ms, runner_id) => readMovement(await connections.link(), from_ms, runner_id),
    living: (url) => livingAt(config, env, url),
    personKeys: async () => openPersonKeys(await connections.sql()),
    erasure: async () => openErasure(await connections.sql()),
    traces: async () => openTraces(await connections.link(), await connections.sql()),
    vault: () => connections.vault(),
    log: async () => {
      const link = await connections.link()
      const shards = await shardsOf(link)
      if (shards === undefined) throw new Mistake('this NATS holds no log: no engine has ever started on it')
      const versions = new Map(
        [firstPolicy, ...(await openPolicies(link).after(1))].map((one) => [one.version, one]),
      )
      const policyAt = (version: number) => {
        const policy = versions.get(version)
        if (!policy) throw new Mistake(`the log names version ${version} of the policy, which is nowhere`)
        return policy
      }
      return { journal: await openJournal(link), shards, policyAt }
    },
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const words = (await import(pathToFileURL(join(projectDir(), 'verbs.mjs')).href)) as {
    read(argv: readonly string[]): Reading
  }
  const reading = words.read(argv)
  if ('help' in reading) {
    process.stdout.write(`${reading.help}\n`)
    return 0
  }
  if ('flaw' in reading) throw new Misuse(reading.flaw)
  const verb = runs[reading.row.name]
  if (!verb) throw new Misuse(`${reading.row.name} is run by kilat.mjs`)
  const config = loadConfig(process.env)
  const connections = new Connections(config)
  try {
    return (await verb(deskOn(config, connections), reading)) ? 0 : 1
  } finally {
    await connections.close()
  }
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (cause: unknown) => {
    process.stderr.write(`kilat: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = cause instanceof Misuse ? 2 : 1
  },
)
