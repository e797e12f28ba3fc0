// The Security Token Service has a thread of its own: a rush of logins there does not slow the actors down.
import { Worker } from 'node:worker_threads'
import type { Env } from '../../engine/env.ts'
import type { Accounts } from '../../protocols/accounts.ts'
import type { Grants } from '../../protocols/grants.ts'
import { limits } from '../../protocols/limits.ts'
import { Rate, trustedBy } from '../http/rates.ts'
import { openTables } from '../http/shared.ts'
import { Attempts } from '../identity/attempts.ts'
import { openKeyRing } from '../identity/keys.ts'
import type { Commons } from '../identity/open.ts'

/** What the supervisor hands to the thread. */
export interface StsBirth extends Commons {
  readonly sts: true
  readonly database_url: string
  readonly database_pool_max: number
}

export const isStsBirth = (birth: unknown): birth is StsBirth =>
  typeof birth === 'object' && birth !== null && 'sts' in birth

type StsWord =
  | { readonly type: 'open' }
  | { readonly type: 'drained' }
  | { readonly type: 'failed'; readonly why: string }

interface StsStores {
  readonly accounts: Accounts
  readonly grants: Grants
  close(): Promise<void>
}

interface Line {
  tell(word: StsWord): void
  onDrain(call: () => void): void
}

/** Runs in the thread. */
export async function serveSts(birth: StsBirth, env: Env, stores: StsStores, line: Line): Promise<void> {
  const { config, bff_secret, http_tables } = birth
  try {
    // Every thread knows this file; the provider's code is for this one alone.
    const { startSts } = await import('./server.ts')
    const keys = await openKeyRing(config.signing_keys, config.data_dir, env)
    const tables = openTables(http_tables)
    const attempts = new Attempts(tables.attempts)
    const rate = new Rate(tables.rates, 'sts', limits.rate_gateway_per_min)
    const count = (address: string) => rate.take(address, env.now_ms())
    const isTrusted = trustedBy(config.trusted_addresses)
    const { accounts, grants } = stores
    const doors = { config, env, keys, accounts, grants, attempts, bff_secret, isTrusted, count }
    const sts = await startSts(doors, config.sts_port)
    line.onDrain(async () => {
      await sts.close()
      keys.stop()
      await stores.close()
      line.tell({ type: 'drained' })
    })
    line.tell({ type: 'open' })
  } catch (cause) {
    line.tell({ type: 'failed', why: cause instanceof Error ? cause.message : String(cause) })
  }
}

export interface StsThread {
  /** Resolves when it serves. */
  readonly open: Promise<void>
  /** Never resolves; rejects when the thread fails. */
  readonly failed: Promise<never>
  /** Finishes what is under way and ends the thread. */
  drain(): Promise<void>
}

/** Runs in the supervisor. Without a port there is no thread, and all is well at once. */
export function startStsThread(script: URL, { config, ...more }: Omit<StsBirth, 'sts'>): StsThread {
  if (config.sts_port === 0)
    return { open: Promise.resolve(), failed: new Promise(() => {}), drain: async () => {} }
  const { http_tables, bff_secret, database_url, database_pool_max } = more
  const birth: StsBirth = { sts: true, config, http_tables, bff_secret, database_url, database_pool_max }
  const worker = new Worker(script, { workerData: birth })
  let draining = false
  const heard = (type: StsWord['type']) =>
    new Promise<void>((resolve) => {
      worker.on('message', (word: StsWord) => {
        if (word.type === type) resolve()
      })
    })
  return {
    open: heard('open'),
    failed: new Promise((_resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the Security Token Service: ${why}`))
      worker.on('message', (word: StsWord) => word.type === 'failed' && fail(word.why))
      worker.on('error', (cause) => fail(cause instanceof Error ? cause.message : String(cause)))
      worker.on('exit', (code) => !draining && fail(`its thread ended with code ${code}`))
    }),
    async drain() {
      draining = true
      const drained = heard('drained')
      worker.postMessage('drain')
      await drained
      await worker.terminate()
    },
  }
}
