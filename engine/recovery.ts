/** Takes a shard over: claim, newest snapshot that the log confirms, replay of all that came after it. */
import type { Context, Message } from '../protocols/actor.ts'
import { decodeRecord, encodeRecord } from '../protocols/codec.ts'
import { type Claim, eventId, type Frame, isClaim, type LogRecord, recordId } from '../protocols/frame.ts'
import { shardOf } from '../protocols/shard.ts'
import { lift } from '../protocols/upcast.ts'
import type { Activation } from './activation.ts'
import type { Tip } from './committer.ts'
import { confirms, dropFalse } from './cuts.ts'
import type { Env } from './env.ts'
import { runningHash } from './hash.ts'
import type { Keys } from './keys.ts'
import type { Outbox } from './outbox.ts'
import { type ActorRow, type CutHead, Fault, type Journal, type LogEntry, type Snapshots } from './ports.ts'
import type { Residents } from './residents.ts'
import { type Position, type ShardRow, unpackRow } from './shard_row.ts'
import type { Timers } from './timers.ts'

export interface RecoveryParts {
  readonly shard: number
  readonly shards: number
  readonly env: Env
  readonly journal: Journal
  readonly snapshots: Snapshots
  readonly residents: Residents
  readonly keys: Keys
  readonly timers: Timers
  readonly outbox: Outbox
  readonly policyAt: (version: number) => Context['policy']
  readonly quarantine: (activation: Activation, why: string) => void
}

export interface Recovered {
  readonly tip: Tip
  readonly published: Position
  /** The newest time in the log. */
  readonly at_ms: number
  /** Events after the snapshot. */
  readonly replayed: number
}

/** Progress of a replay along the chain. */
interface Cursor {
  n: number
  seq: number
  hash: string
  epoch: number
  /** The newest frame. */
  frame: Tip['frame']
  /** The newest record is a claim that was overtaken on its way: it ends a tenure and begins none. */
  late: boolean
  at_ms: number
  replayed: number
}

/** Makes this writer the owner and builds the shard's state. Rejects with a Fault when a store does not answer or the log is broken. */
export async function recover(parts: RecoveryParts): Promise<Recovered> {
  const { claim, seq } = await claimLog(parts)
  const { cut, published, has_false } = await beginning(parts, seq)
  const cursor = cursorAt(cut)
  for await (const entry of parts.journal.read(parts.shard, cursor.seq, seq))
    await replay(parts, cursor, entry)
  if (cursor.seq !== seq) throw new Fault(`the log of shard ${parts.shard} ends early`, { retry: true })
  if (cursor.late) throw new Fault(`a later claim of shard ${parts.shard} came before ours`, { retry: true })
  if (has_false) await dropFalse(parts, claim.writer)
  for (const activation of parts.residents.awake()) {
    parts.residents.inspect(activation)
    parts.residents.placed(activation)
  }
  const { n, hash, frame } = cursor
  const tip: Tip = { epoch: claim.epoch, writer: claim.writer, n, seq, hash, frame }
  return { tip, published, at_ms: cursor.at_ms, replayed: cursor.replayed }
}

function cursorAt(cut: CutHead | undefined): Cursor {
  if (!cut) return { ...before_all }
  const { epoch, n, log_seq: seq, hash, at_ms } = cut
  return { n, seq, hash, epoch, frame: { epoch, seq, hash }, late: false, at_ms, replayed: 0 }
}

const before_all: Readonly<Cursor> = {
  n: 0,
  seq: 0,
  hash: '',
  epoch: 0,
  frame: { epoch: 0, seq: 0, hash: '' },
  late: false,
  at_ms: 0,
  replayed: 0,
}

/** An unconditional append: by compare-and-set a claimer would lose every race against a live writer. */
async function claimLog({ shard, env, journal }: RecoveryParts): Promise<{ claim: Claim; seq: number }> {
  const last = await journal.last(shard)
  const epoch = (last ? newestEpoch(shard, last) : 0) + 1
  const claim: Claim = { v: 1, claim: true, shard, epoch, writer: env.uuid(), at_ms: env.now_ms() }
  return { claim, seq: await journal.claim(shard, recordId(claim, ''), encodeRecord(claim)) }
}

/** A claim of a wrong epoch could not be taken back: the id, which says it too, must agree. */
function newestEpoch(shard: number, { seq, id, bytes }: LogEntry): number {
  const { epoch } = recordIn(shard, seq, bytes)
  const told = /^[cf]:\d+:(\d+):/.exec(id)?.[1]
  if (told !== undefined && Number(told) !== epoch)
    throw broken(`shard ${shard} at ${seq} says epoch ${epoch}, and its id ${told}`)
  return epoch
}

function recordIn(shard: number, seq: number, bytes: Uint8Array, without_bodies = false): LogRecord {
  try {
    return decodeRecord(bytes, without_bodies)
  } catch (cause) {
    throw broken(`shard ${shard} at ${seq}: ${cause instanceof Error ? cause.message : ''}`)
  }
}

async function isConfirmed(journal: Journal, cut: CutHead, until_seq: number): Promise<boolean> {
  try {
    return await confirms(journal, cut, until_seq)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw broken(`shard ${cut.shard} behind frame ${cut.n}: ${cause instanceof Error ? cause.message : ''}`)
  }
}

interface Beginning {
  readonly cut: CutHead | undefined
  readonly published: Position
  /** A newer cut is not of this log. */
  readonly has_false: boolean
}

/**
 * The newest cut whose frame is in the log where the cut says, and which can be read. One that is not in the log was
 * made by a writer that lost; one that cannot be read costs a longer replay and nothing else.
 */
async function beginning(parts: RecoveryParts, until_seq: number): Promise<Beginning> {
  const { shard, env, journal, snapshots } = parts
  const cuts = await snapshots.cuts(shard)
  let has_false = false
  for (const cut of cuts) {
    if (!(await isConfirmed(journal, cut, until_seq))) {
      env.log('warn', 'a snapshot does not match the log and is passed over', { shard, n: cut.n })
      has_false = true
      continue
    }
    try {
      return { cut, published: await restore(parts, cut, cut === cuts[0]), has_false }
    } catch (cause) {
      if (cause instanceof Fault && cause.retry) throw cause
      parts.residents.clear()
      const why = String(cause)
      env.log('error', 'a snapshot cannot be read and is passed over', { shard, n: cut.n, why })
    }
  }
  return { cut: undefined, published: { n: 0, seq: 0 }, has_false }
}

/**
 * Sleepers are read back from the newest cut, and those who doze may fall asleep. After an older one everybody is taken
 * into memory and into the next cut, so that nothing is ever read back from the cut that was passed over. Actors first:
 * what throws leaves nothing else behind.
 */
async function restore(parts: RecoveryParts, cut: CutHead, newest: boolean): Promise<Position> {
  const { residents, keys, timers, outbox, snapshots } = parts
  const row = unpackRow(cut)
  const take = newest
    ? (actor: ActorRow) => residents.takeOver(actor)
    : (actor: ActorRow) => residents.changed(residents.restore(actor))
  const held = { actors: 0, events: 0 }
  for await (const batch of snapshots.load(parts.shard, cut.n))
    for (const actor of batch) {
      held.actors += 1
      held.events += actor.seq
      take(actor)
    }
  insistWhole(row, held)
  Object.assign(residents.held, held)
  for (const [id, known] of row.keys) keys.add(id, known)
  for (const timer of row.timers) timers.add(timer)
  for (const pending of row.pending) outbox.add(pending)
  residents.births = row.births
  return row.published
}

/** An actor that is missing, or came as it was before, is in no row: only the sums tell. Throws a Fault. */
function insistWhole({ held }: ShardRow, found: Residents['held']): void {
  if (!held || (held.actors === found.actors && held.events === found.events)) return
  const counted = ({ actors, events }: Residents['held']) => `${actors} actors of ${events} events`
  throw new Fault(`it holds ${counted(found)} instead of ${counted(held)}`, { retry: false })
}

async function replay(parts: RecoveryParts, cursor: Cursor, entry: LogEntry): Promise<void> {
  const record = recordIn(parts.shard, entry.seq, entry.bytes, true)
  const hash = runningHash(cursor.hash, entry.bytes)
  insistNext(cursor, record, entry, { shard: parts.shard, hash })
  if (!isClaim(record)) {
    if (parts.residents.has_sleepers)
      for (const { kind, id } of record.events)
        if (parts.residents.find(kind, id) === 'asleep') await parts.residents.wake(kind, id)
    apply(parts, record)
    cursor.n = record.n
    cursor.frame = { epoch: record.epoch, seq: entry.seq, hash }
    cursor.replayed += record.events.length
  }
  cursor.hash = hash
  cursor.late = isClaim(record) && record.epoch <= cursor.epoch
  cursor.epoch = Math.max(cursor.epoch, record.epoch)
  cursor.seq = entry.seq
  cursor.at_ms = Math.max(cursor.at_ms, record.at_ms)
}

/** Throws a Fault unless the record is of this shard, the next one of its chain, and as it was written. */
function insistNext(
  cursor: Cursor,
  record: LogRecord,
  { id, seq }: LogEntry,
  { shard, hash }: { readonly shard: number; readonly hash: string },
): void {
  const where = `shard ${shard} at ${seq}`
  if (record.shard !== shard) throw broken(`${where} holds a record of shard ${record.shard}`)
  if (!isClaim(record) && record.epoch < cursor.epoch)
    throw broken(`${where} goes back to epoch ${record.epoch}`)
  if (!isClaim(record)) continues(cursor, record, where)
  if (!isNamed(id, recordId(record, hash))) throw broken(`${where} holds other bytes than were written`)
}

/** Ids of records from before they were named so closely are the beginnings of today's. */
const isNamed = (id: string, named: string) => id === named || named.startsWith(`${id}:`)

function continues(cursor: Cursor, frame: Frame, where: string): void {
  if (frame.n !== cursor.n + 1) throw broken(`${where} holds frame ${frame.n} after ${cursor.n}`)
  if (frame.prev_seq !== cursor.seq || frame.prev_hash !== cursor.hash)
    throw broken(`${where} does not continue the chain`)
}

const broken = (what: string) => new Fault(`the log is broken: ${what}`, { retry: false })

/** Folds a frame into the shard: states, keys, timers, and what is owed to others. */
function apply(parts: RecoveryParts, frame: Frame): void {
  for (const id of frame.settled) {
    parts.outbox.forget(id)
    parts.timers.remove(id)
  }
  const carried = new Set(frame.commands.map((command) => command.id))
  for (const command of frame.commands) {
    const { id, body_hash, at_ms } = command
    parts.keys.add(id, { body_hash, n: frame.n, at_ms })
    parts.timers.remove(id)
    parts.outbox.forget(id)
    for (let index = command.first; index < command.first + command.count; index++)
      applyEvent(parts, frame, index, command.policy, carried)
  }
}

function applyEvent(
  parts: RecoveryParts,
  frame: Frame,
  index: number,
  policy: number,
  carried: Set<string>,
): void {
  const raw = frame.events[index]
  if (!raw) return
  const record = lift(raw)
  const activation = parts.residents.find(record.kind, record.id)
  if (activation === 'asleep' || activation.quarantined !== undefined) return
  if (record.seq !== activation.seq + 1)
    throw broken(`${record.kind} ${record.id} misses event ${activation.seq + 1}`)
  if (activation.seq === 0) parts.residents.births += 1
  const event: Message = { type: record.type, ...record.data }
  const context: Context = {
    id: record.id,
    by: record.by,
    at_ms: record.at_ms,
    policy: parts.policyAt(policy),
    command_id: record.cause,
    serial: parts.residents.births,
    shard: parts.shard,
    shards: parts.shards,
  }
  try {
    activation.state = activation.behaviour.evolve(activation.state, event, context)
    parts.residents.folded(activation.seq, 1)
    activation.seq = record.seq
    activation.changed_n = frame.n
    parts.residents.changed(activation)
    owe(parts, { frame, index, activation, event, context }, carried)
  } catch (cause) {
    parts.quarantine(activation, String(cause))
  }
}

interface Happened {
  readonly frame: Frame
  readonly index: number
  readonly activation: Activation
  readonly event: Message
  readonly context: Context
}

/** What the event caused, unless this very frame carried it out. Most events cause nothing. */
function owe(parts: RecoveryParts, happened: Happened, carried: Set<string>): void {
  const { frame, index, activation, event, context } = happened
  const { follow_ups, effects } = activation.behaviour.react(event, context)
  if (!follow_ups && !effects) return
  const { n } = frame
  const cause = eventId(parts.shard, n, index)
  for (const [place, { to, command, after_ms }] of (follow_ups ?? []).entries()) {
    const id = `${cause}:${place}`
    if (after_ms !== undefined) parts.timers.add({ id, due_ms: context.at_ms + after_ms, to, command })
    else if (shardOf(to.id, parts.shards) !== parts.shard || !carried.has(id))
      parts.outbox.add({ id, n, to, command, by: { id: context.id, role: 'service' } })
  }
  for (const [place, effect] of (effects ?? []).entries())
    parts.outbox.add({ id: `${cause}:e${place}`, n, effect })
}
