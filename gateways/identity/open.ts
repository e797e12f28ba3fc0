import type { Env } from '../../engine/env.ts'
import type { Accounts } from '../../protocols/accounts.ts'
import type { Grants } from '../../protocols/grants.ts'
import { openFront } from '../bff/front.ts'
import type { Config } from '../config.ts'
import { openTables } from '../http/shared.ts'
import { openVerifier } from '../principal.ts'
import { Attempts } from './attempts.ts'
import { openBans } from './bans.ts'
import { openKeyRing } from './keys.ts'
import { openOutbox } from './mail.ts'

/** What the threads of a process have in common. */
export interface Commons {
  readonly config: Config
  readonly http_tables: SharedArrayBuffer
  readonly bff_secret: string
}

/** What the doors of one thread know about who is who. `close` ends its timers. Rejects when the keys cannot be read. */
export async function openIdentity(
  { config, http_tables, bff_secret }: Commons,
  env: Env,
  { accounts, grants }: { accounts: Accounts; grants: Grants },
) {
  const keys = await openKeyRing(config.signing_keys, config.data_dir, env)
  const bans = openBans(accounts, env)
  const issuers = [config.token_issuer, config.sts_issuer]
  return {
    doors: {
      keys,
      bans,
      verifier: openVerifier({ keys, issuers, bans, env }),
      attempts: new Attempts(openTables(http_tables).attempts),
      mail: openOutbox(config.data_dir, env),
      front: openFront({ config, env, grants, bff_secret }),
    },
    keys,
    close() {
      keys.stop()
      bans.stop()
    },
  }
}
