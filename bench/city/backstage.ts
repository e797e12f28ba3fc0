// What a city needs behind the doors: to make accounts without registering them, and to read the log afterwards.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Journal } from '../../engine/ports.ts'
import { systemEnv } from '../../engine/system_env.ts'
import { loadKeys } from '../../gateways/identity/keys.ts'
import { loadMasters } from '../../gateways/vault/masters.ts'
import { openVault, type Vault } from '../../gateways/vault/vault.ts'
import { openAccounts } from '../../persistence/accounts.ts'
import { openJournal } from '../../persistence/journal.ts'
import { connectNats, type NatsLink } from '../../persistence/nats.ts'
import { openPersonKeys } from '../../persistence/person_keys.ts'
import { closeSql, openSql } from '../../persistence/pg.ts'
import type { Accounts } from '../../protocols/accounts.ts'
import type { Identity } from './population.ts'

/** Where an engine says that its stores are. */
export interface Endpoints {
  readonly port: number
  readonly nats_url: string
  readonly database_url: string
  /** Of the embedded payment sandbox; absent where payments go elsewhere. */
  readonly stripe_url?: string
  /** From where no rate limit applies. */
  readonly trusted_addresses: readonly string[]
}

/** Rejects when no engine has ever started on this folder. */
export async function endpointsOf(data_dir: string): Promise<Endpoints> {
  const path = join(data_dir, 'endpoints.json')
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`${path} is missing: start the engine first, and give its DATA_DIR to this command too`)
  })
  return JSON.parse(text) as Endpoints
}

interface Settings {
  readonly data_dir: string
  readonly token_issuer: string
  readonly signing_keys: string | undefined
}

/** The engine's accounts and signing keys. */
export async function withAccounts<Result>(
  { data_dir, token_issuer, signing_keys }: Settings,
  use: (accounts: Accounts, identity: Identity) => Promise<Result>,
): Promise<Result> {
  const { database_url } = await endpointsOf(data_dir)
  const keys = await loadKeys(signing_keys, data_dir)
  const sql = openSql({ url: database_url, max: 4, application_name: 'kilat-city' })
  try {
    return await use(openAccounts(sql), { keys, issuer: token_issuer })
  } finally {
    await closeSql(sql)
  }
}

/** The engine's vault, for who holds what is served against what is kept. */
export async function withVault<Result>(
  data_dir: string,
  use: (vault: Vault) => Promise<Result>,
): Promise<Result> {
  const { database_url } = await endpointsOf(data_dir)
  const sql = openSql({ url: database_url, max: 1, application_name: 'kilat-city' })
  const masters = await loadMasters([], data_dir)
  const vault = openVault({ keys: openPersonKeys(sql), masters, env: systemEnv('error') })
  try {
    return await use(vault)
  } finally {
    vault.stop()
    await closeSql(sql)
  }
}

/** The engine's log, over a connection of our own that is closed afterwards. */
export async function withJournal<Result>(
  data_dir: string,
  use: (journal: Journal, link: NatsLink) => Promise<Result>,
): Promise<Result> {
  const { nats_url } = await endpointsOf(data_dir)
  const link = await connectNats({ url: nats_url, name: 'kilat-city', env: systemEnv('error') })
  try {
    return await use(await openJournal(link), link)
  } finally {
    await link.close()
  }
}
