import { build, type Histogram } from 'hdr-histogram-js'

export type CommandKind =
  | 'register'
  | 'add_crate'
  | 'go_online'
  | 'go_offline'
  | 'request'
  | 'accept'
  | 'decline'
  | 'pick_up'
  | 'deliver'
  | 'confirm'
  | 'cancel'

/** A command that the engine said yes to. `on` is the booking, or for a runner's own commands the runner. */
export interface Acked {
  readonly kind: CommandKind
  readonly on: string
  readonly by: string
}

/** One kind of command: how many were answered how, and how fast, in microseconds. */
export interface KindCount {
  acked: number
  refused: number
  failed: number
  readonly latency: Histogram
}

const histogram = () =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 })

/** What the clients were told, kept on their side: the engine is held to it afterwards. */
export class Ledger {
  readonly acked: Acked[] = []
  /** `boot seq` of every acked fix that was sent and acked while its runner was surely on a trip. */
  readonly waypoints: string[] = []
  /** Of each such fix: whose, on which trip, and when it was acked; whoever finds it lost has nothing else to go by. */
  readonly whereabouts = new Map<string, string>()
  /** Ids of the bookings that this city made, with the pet's name, unique to one request. */
  readonly requested = new Map<string, string>()
  readonly kinds = new Map<CommandKind, KindCount>()
  /** Refusals that are part of the game (a lost race, a cancelled booking), by code. */
  readonly expected = new Map<string, number>()
  readonly errors = new Map<string, number>()
  readonly refused_fixes = new Map<string, number>()
  readonly feed_us = histogram()
  /** Answers that asked for another try, by code. */
  readonly retries = new Map<string, number>()
  fixes_sent = 0
  fixes_acked = 0
  backlog_fixes = 0
  frames = 0
  /** Trips of which a later frame was older than an earlier one. */
  backwards = 0

  ack(kind: CommandKind, on: string, by: string, started_ms: number): void {
    this.acked.push({ kind, on, by })
    const count = this.kind(kind)
    count.acked += 1
    count.latency.recordValue(Math.max(1, Math.round((performance.now() - started_ms) * 1_000)))
  }

  /** An answer that is no ack. Codes that a fair game leads to are counted apart from errors. */
  refuse(kind: CommandKind, code: string, is_expected: boolean, started_ms: number): void {
    const count = this.kind(kind)
    count.latency.recordValue(Math.max(1, Math.round((performance.now() - started_ms) * 1_000)))
    if (is_expected) count.refused += 1
    else count.failed += 1
    add(is_expected ? this.expected : this.errors, `${kind} ${code}`)
  }

  retry(kind: CommandKind, code: string): void {
    add(this.retries, `${kind} ${code}`)
  }

  error(what: string): void {
    add(this.errors, what)
  }

  kind(kind: CommandKind): KindCount {
    const found = this.kinds.get(kind)
    if (found) return found
    const made: KindCount = { acked: 0, refused: 0, failed: 0, latency: histogram() }
    this.kinds.set(kind, made)
    return made
  }
}

export const add = (counts: Map<string, number>, name: string, by = 1): void => {
  counts.set(name, (counts.get(name) ?? 0) + by)
}

export const totalOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)
