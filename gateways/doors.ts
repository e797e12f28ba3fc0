import type { Env } from '../engine/env.ts'
import type { ShardHost } from '../engine/host.ts'
import type { Tracer } from '../engine/tracer.ts'
import type { Accounts } from '../protocols/accounts.ts'
import type { Principal } from '../protocols/actor.ts'
import type { Lists } from '../protocols/lists.ts'
import type { Rejection } from '../protocols/rejections.ts'
import type { Routing } from '../protocols/routing.ts'
import type { Config } from './config.ts'
import type { DoorMeters } from './metrics.ts'
import type { Vault } from './vault/vault.ts'

/** Who a token speaks for. */
export interface Verified {
  readonly principal: Principal
  readonly email: string
  readonly expires_ms: number
}

export interface Verifier {
  /** Checks signature, issuer, type, expiry and ban of an access token; results are kept until expiry, by token hash. */
  verify(token: string): Promise<Verified | Rejection>
  /** Calls when somebody was banned, with what tells whether it is he: open sockets ask it. */
  onBan(call: (isBanned: (id: string) => boolean) => void): void
}

/** What a user has been told, so that his lists show it. */
export interface ReadMarks {
  /** The answer to one of the user's commands rested on this frame. */
  note(user_id: string, shard: number, n: number): void
  /** True once the lists hold all that was noted for the user; false when they do not after one second. */
  caughtUp(user_id: string): Promise<boolean>
}

export interface Readiness {
  readonly ready: boolean
  /** By part (`nats`, `database`, `shards`): `ready`, or `error: …`. */
  readonly checks: Readonly<Record<string, string>>
}

/** All that the feed of a booking stands on: with it the past can be served as well. */
export type FeedDoors = Pick<Doors, 'host' | 'verifier' | 'env' | 'tracer' | 'shared'> & {
  readonly lists: Pick<Lists, 'waypoints'>
  readonly config: Pick<Config, 'allowed_origins' | 'trusted_addresses'>
}

/** All that the doors of one worker thread stand on. */
export interface Doors {
  readonly host: ShardHost
  readonly accounts: Accounts
  readonly lists: Lists
  readonly routing: Routing
  readonly reads: ReadMarks
  readonly verifier: Verifier
  readonly vault: Vault
  readonly env: Env
  readonly config: Config
  /** Of `shared_bytes` bytes and common to all threads of the process, so that they count together; own memory without. */
  readonly shared?: SharedArrayBuffer
  /** Where the doors leave their numbers, and begin their traces. */
  readonly meters?: DoorMeters | undefined
  readonly tracer?: Tracer | undefined
  readiness(): Readiness
}
