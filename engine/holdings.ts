/** What a shard holds in memory besides its actors, by where, and how much of each there may be. */
import { limits } from '../protocols/limits.ts'
import type { Executor } from './executor.ts'
import type { Gate } from './gate.ts'
import type { Gathering } from './gathering.ts'
import type { Keys } from './keys.ts'
import type { Mailbox } from './mailbox.ts'
import type { Outbox } from './outbox.ts'
import type { Tail } from './tail.ts'
import type { Tenure } from './tenure.ts'
import type { Timers } from './timers.ts'
import type { Waking } from './waking.ts'

export interface HoldingsParts {
  readonly mailbox: Mailbox
  readonly gate: Gate
  readonly outbox: Outbox
  readonly executor: Executor
  readonly gathering: Gathering
  readonly waking: Waking
  readonly tenure: Tenure
  readonly keys: Keys
  readonly timers: Timers
  readonly tail: Tail
}

/** Entries; bytes where the name says so. */
export interface Holdings {
  readonly mailbox: number
  readonly mailbox_bytes: number
  /** Answers that wait for their frame. */
  readonly gate: number
  /** What is owed to others, and what the outbox keeps of it beside. */
  readonly outbox: number
  readonly outbox_beside: number
  /** Answers that wait for a later event. */
  readonly settling: number
  readonly gathering: number
  /** Actors that are being read back. */
  readonly waking: number
  /** Who waits for the owner of the shard to be known. */
  readonly tenure: number
  readonly keys: number
  readonly timers: number
  readonly tail_bytes: number
}

export const holdingsOf = (parts: HoldingsParts): Holdings => ({
  mailbox: parts.mailbox.depth,
  mailbox_bytes: parts.mailbox.bytes,
  gate: parts.gate.waiting,
  outbox: parts.outbox.size,
  outbox_beside: parts.outbox.beside,
  settling: parts.executor.settling,
  gathering: parts.gathering.size,
  waking: parts.waking.size,
  tenure: parts.tenure.waiting,
  keys: parts.keys.size,
  timers: parts.timers.size,
  tail_bytes: parts.tail.bytes,
})

/** The most there may be of what has a bound of its own, as limits are now: two lanes of the mailbox, and the command that came last. */
export const mostHeld = (): Partial<Holdings> => ({
  mailbox: 2 * limits.mailbox_shard_max,
  mailbox_bytes: limits.mailbox_shard_bytes_max + limits.command_bytes_max,
  gathering: limits.mailbox_shard_max,
  tenure: limits.mailbox_shard_max,
  keys: limits.keys_per_shard_max,
  tail_bytes: limits.recent_frames_bytes_max,
})
