/** What a shard is made of: what it is given, and what recovery builds for it. */
import type { Behaviour } from '../protocols/actor.ts'
import type { Policy } from '../protocols/policy.ts'
import type { Rejection } from '../protocols/rejections.ts'
import type { Activation } from './activation.ts'
import type { Env } from './env.ts'
import type { Grid } from './grid.ts'
import type { Answer, Envelope, SignalNote } from './host.ts'
import type { Keys } from './keys.ts'
import type { Meters } from './meters.ts'
import type { Outbox } from './outbox.ts'
import type { Drivers } from './ports.ts'
import type { Residents } from './residents.ts'
import type { Tail } from './tail.ts'
import type { Timers } from './timers.ts'
import type { Tracer } from './tracer.ts'
import type { Watchers } from './watchers.ts'

export interface ShardParts {
  readonly shard: number
  readonly shards: number
  readonly env: Env
  readonly drivers: Drivers
  readonly behaviours: ReadonlyMap<string, Behaviour>
  readonly grids: ReadonlyMap<string, Grid>
  readonly watchers: Watchers
  readonly meters?: Meters | undefined
  readonly tracer?: Tracer | undefined
  readonly resident_max: number
  readonly policy: () => Policy
  readonly policyAt: (version: number) => Policy
  /** To any shard, this one too. */
  readonly submit: (envelope: Envelope) => Promise<Answer>
  readonly signal: (note: SignalNote, done: (refused?: Rejection) => void) => void
  /** A frame is durable. */
  readonly durable: (tail: Tail) => void
  /** Another writer owns the shard now. */
  readonly deposed: () => void
  /** The log does not take frames, or takes them again. */
  readonly silent: (is_silent: boolean) => void
}

/** What recovery builds and a shard then lives on. */
export interface Core {
  readonly residents: Residents
  readonly keys: Keys
  readonly timers: Timers
  readonly outbox: Outbox
  dead(letter: object): void
  quarantine(activation: Activation, why: string): void
}
