// Recovery from a log and from snapshots whose bytes are not those that were written.
import fc from 'fast-check'
import { behaviours } from '../../actors/behaviours.ts'
import { SteppedEnv } from '../../engine/clock.ts'
import { stateHash } from '../../engine/hash.ts'
import { Keys } from '../../engine/keys.ts'
import { MemoryJournal, MemoryLog } from '../../engine/memory_journal.ts'
import { MemorySnapshots } from '../../engine/memory_snapshots.ts'
import { Outbox } from '../../engine/outbox.ts'
import { type ActorRow, Fault, type LogEntry } from '../../engine/ports.ts'
import { recover } from '../../engine/recovery.ts'
import { Refolding } from '../../engine/refold.ts'
import { Residents } from '../../engine/residents.ts'
import { Timers } from '../../engine/timers.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { edited, edits } from './edits.ts'
import type { RecordedLog, RecordedShard } from './recorded.ts'
import { type Fuzzed, fuzzed, insist } from './target.ts'

interface Damage {
  readonly entries: readonly LogEntry[]
  /** None: recovery reads the log from its first entry. */
  readonly cut?: RecordedShard['cut']
  readonly actors?: readonly ActorRow[]
}

interface State {
  /** Of all that the shard is, but for its clock. */
  readonly hash: string
  readonly at_ms: number
}
type Outcome = State | { readonly fault: string }

/** What a shard is after its recovery, in one hash; or the fault that it ended in. Anything else that is thrown goes on. */
async function recovered({ shard }: RecordedShard, shards: number, damage: Damage): Promise<Outcome> {
  const log = new MemoryLog()
  log.of(shard).push(...damage.entries)
  log.last_seq = damage.entries.at(-1)?.seq ?? 0
  const snapshots = new MemorySnapshots()
  if (damage.cut) await snapshots.save({ ...damage.cut, actors: damage.actors ?? [] })
  const env = new SteppedEnv()
  const quarantined: string[] = []
  const quarantine = ({ key }: { readonly key: string }, why: string) =>
    void quarantined.push(`${key}: ${why}`)
  const journal = new MemoryJournal(log)
  const known_kinds = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
  const residents = new Residents({
    shard,
    env,
    behaviours: known_kinds,
    grids: new Map(),
    snapshots,
    refolding: new Refolding({ shard, journal, behaviours: known_kinds }),
    resident_max: 1_000,
    policy: () => firstPolicy,
    quarantine,
  })
  const outbox = new Outbox({
    env,
    effects: { run: async () => undefined },
    submit: async () => ({ ok: true, shard, n: 0, view: {} }),
    refused: () => undefined,
  })
  const [keys, timers] = [new Keys(), new Timers()]
  const parts = {
    shard,
    shards,
    env,
    journal,
    snapshots,
    residents,
    keys,
    timers,
    outbox,
  }
  try {
    const { tip, at_ms } = await recover({
      ...parts,
      policyAt: () => firstPolicy,
      quarantine,
    })
    const actors = [...residents.values()].map(({ key, seq, state }) => [key, seq, state] as const)
    actors.sort(([one], [other]) => (one < other ? -1 : 1))
    const known = Array.from(keys.all(), ([id]) => id)
    return { hash: stateHash({ n: tip.n, actors, known, births: residents.births, quarantined }), at_ms }
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message }
    throw error
  } finally {
    outbox.close()
  }
}

interface Expected {
  readonly part: RecordedShard
  readonly hash: string
  /** A cut may be younger than the newest record: its time counts where it is used. */
  readonly times_ms: readonly number[]
}

async function expectedOf(log: RecordedLog): Promise<readonly Expected[]> {
  return Promise.all(
    log.parts.map(async (part) => {
      const ways = [part, { entries: part.entries }]
      const states = await Promise.all(ways.map((damage) => recovered(part, log.shards, damage)))
      const [first, ...others] = states.filter((state) => 'hash' in state)
      if (
        first === undefined ||
        others.some(({ hash }) => hash !== first.hash) ||
        others.length + 1 < ways.length
      )
        throw new Error(`shard ${part.shard} as recorded is not the same from its cut and from its log`)
      return { part, hash: first.hash, times_ms: [first, ...others].map(({ at_ms }) => at_ms) }
    }),
  )
}

/** Ways to damage the order of a log. The end of it may be gone without a trace, so the last entry stays. */
const orders: readonly ((entries: readonly LogEntry[], at: number) => readonly LogEntry[])[] = [
  (entries) => entries,
  (entries) => entries,
  (entries, at) => (at < entries.length - 1 ? entries.toSpliced(at, 1) : entries),
  (entries, at) => entries.toSpliced(at, 0, ...entries.slice(at, at + 1)),
]

/** A log with other bytes: a Fault, or the very state that was there. Never another one. */
export async function logTarget(log: RecordedLog): Promise<Fuzzed> {
  const expected = await expectedOf(log)
  return fuzzed({
    name: 'logs',
    share: 2,
    batch: 16,
    input: fc.record({
      shard: fc.nat(expected.length - 1),
      entry: fc.noBias(fc.nat(0xff)),
      changes: edits,
      order: fc.nat(orders.length - 1),
      from_cut: fc.boolean(),
    }),
    async attempt(inputs, tally) {
      for (const { shard, entry, changes, order, from_cut } of inputs) {
        const found = expected[shard]
        if (!found) continue
        const { entries, cut, actors } = found.part
        const at = entry % entries.length
        const changed = entries.map((each, index) =>
          index === at ? { ...each, bytes: edited(each.bytes, changes) } : each,
        )
        const damage = { entries: (orders[order] ?? ((same) => same))(changed, at) }
        const outcome = await recovered(
          found.part,
          log.shards,
          from_cut ? { ...damage, cut, actors } : damage,
        )
        tally(verdict(outcome, found))
      }
    },
  })
}

/** A snapshot with other bytes is passed over: the state comes from the log, or there is a Fault. */
export async function snapshotTarget(log: RecordedLog): Promise<Fuzzed> {
  const expected = await expectedOf(log)
  return fuzzed({
    name: 'snapshots',
    share: 2,
    batch: 16,
    input: fc.record({
      shard: fc.nat(expected.length - 1),
      row: fc.noBias(fc.nat(0xff)),
      changes: edits,
      head: fc.constantFrom(undefined, 'n', 'epoch', 'log_seq', 'at_ms', 'seq', 'hash', 'swap'),
      by: fc.constantFrom(1, -1, 1_000),
    }),
    async attempt(inputs, tally) {
      for (const { shard, row, changes, head, by } of inputs) {
        const found = expected[shard]
        if (!found) continue
        const outcome = await recovered(
          found.part,
          log.shards,
          damagedCut(found.part, { row, changes, head, by }),
        )
        tally(verdict(outcome, found))
      }
    },
  })
}

interface CutDamage {
  readonly row: number
  readonly changes: readonly number[]
  readonly head: string | undefined
  readonly by: number
}

function damagedCut({ entries, cut, actors }: RecordedShard, { row, changes, head, by }: CutDamage): Damage {
  const at = row % (actors.length + 1)
  const shard_row = at === actors.length ? edited(cut.shard_row, changes) : cut.shard_row
  const other = actors[(at + 1) % actors.length]
  const damaged = actors.map((actor, index) => {
    if (index !== at) return actor
    if (head === 'swap' && other) return { ...actor, state: other.state }
    const seq = head === 'seq' ? actor.seq + by : actor.seq
    return { ...actor, seq, state: edited(actor.state, changes) }
  })
  const fields: Readonly<Record<string, object>> = {
    n: { n: cut.n + by },
    epoch: { epoch: cut.epoch + by },
    log_seq: { log_seq: cut.log_seq + by },
    at_ms: { at_ms: cut.at_ms + by },
    hash: { hash: cut.hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
  }
  return { entries, cut: { ...cut, shard_row, ...(head === undefined ? {} : fields[head]) }, actors: damaged }
}

function verdict(outcome: Outcome, { hash, times_ms }: Expected): string {
  if ('fault' in outcome) return 'fault'
  insist(times_ms.includes(outcome.at_ms), 'recovery ended at another time, and did not say so')
  insist(outcome.hash === hash, 'recovery ended in another state, and did not say so')
  return 'as it was'
}
