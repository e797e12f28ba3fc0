/** What must be so once all trouble is over: everybody is answered, nothing is owed, and all that is derived agrees. */
import { behaviours } from '../../actors/behaviours.ts'
import { stateHash } from '../../engine/hash.ts'
import type { Shard } from '../../engine/shard.ts'
import type { Thread } from '../../engine/thread.ts'
import { decodeRecord } from '../../protocols/codec.ts'
import { eventId, isClaim } from '../../protocols/frame.ts'
import { publicEvent, type TopicStream } from '../../protocols/topics.ts'
import { Breaches } from './breaches.ts'
import { FoldAudit } from './fold_audit.ts'
import { poison } from './poison.ts'
import { start_ms } from './virtual_env.ts'
import type { World } from './world.ts'

/** How late a due timer or step may be in the end, in milliseconds. */
const slack_ms = 10_000

/** The topics that lose nothing; the runners' own may lose its last second. */
const kept_topics: readonly TopicStream[] = ['BOOKING_EVENTS', 'PAYMENT_EVENTS', 'TRACKING_EVENTS']

/** Why the system is not at rest yet, or nothing. */
export function unrest({ crowd, deployment }: World): string | undefined {
  if (crowd.present > 0) return `${crowd.present} people wait for an answer`
  const node = deployment.current
  if (!node?.open) return 'no node has every shard'
  const threads = node.members.map(({ thread }) => thread)
  return threads.map(unrestOf).find(Boolean) ?? threads.flatMap(({ owned }) => owned.map(burden)).find(Boolean)
}

function unrestOf({ lag: { projections, topics } }: Thread): string | undefined {
  if (projections + topics === 0) return undefined
  return `${projections} frames are not in the lists, ${topics} not on the topics`
}

function burden({ index, waiting: { mailbox, gate, outbox }, status }: Shard): string | undefined {
  if (status !== 'open') return `shard ${index} is ${status}`
  if (mailbox + gate + outbox === 0) return undefined
  return `shard ${index} holds ${mailbox} commands, ${gate} answers and ${outbox} things that it owes`
}

/** Holds everything at rest against the log. */
export function inspect(world: World): void {
  const { auditor, timeline } = world
  for (const overdue of auditor.debts.overdue(start_ms + timeline.now_ms - slack_ms))
    auditor.breaches.add('pending', overdue)
  inspectMemory(world)
  inspectLists(world)
  inspectTopics(world)
  inspectReplay(world)
  inspectPeople(world)
}

/** What lives in memory is what the log says; nobody is quarantined. */
function inspectMemory({ auditor, deployment }: World): void {
  const threads = deployment.current?.members.map(({ thread }) => thread) ?? []
  for (const { residents } of threads.flatMap(({ owned }) => owned))
    for (const { key, seq, state, quarantined } of residents.awake()) {
      const folded = auditor.fold.actors.get(key) ?? { seq: 0, state }
      if (quarantined !== undefined) auditor.breaches.add('state', `${key} is quarantined: ${quarantined}`)
      if (folded.seq !== seq || stateHash(folded.state) !== stateHash(state))
        auditor.breaches.add('memory', `${key} lives at event ${seq}, and is not what its ${folded.seq} events say`)
    }
}

/** Audit rows are events: all of them, once. */
function inspectLists({ auditor, database }: World): void {
  const told = database.projections.events.map(({ kind, id, seq }) => `${kind}/${id} ${seq}`)
  const known = new Set(told)
  if (known.size !== told.length) auditor.breaches.add('lists', `${told.length - known.size} events came twice`)
  for (const [key, { seq }] of auditor.fold.actors)
    for (let each = 1; each <= seq; each++)
      if (!known.has(`${key} ${each}`)) auditor.breaches.add('lists', `event ${each} of ${key} is in no list`)
}

/** Every public event is on its topic, in the order of its shard, and nothing else is. */
function inspectTopics({ auditor, streams }: World): void {
  const due = new Map<TopicStream, string[][]>(kept_topics.map((stream) => [stream, []]))
  for (const frame of framesOf(auditor.log.entries))
    for (const [index, record] of frame.events.entries()) {
      const id = eventId(frame.shard, frame.n, index)
      const of_shards = due.get(publicEvent(record, id)?.stream ?? 'RUNNER_EVENTS')
      if (of_shards) (of_shards[frame.shard] ??= []).push(id)
    }
  for (const [stream, of_shards] of due) {
    const told = streams.idsOf(stream)
    for (const [shard, ids] of of_shards.entries()) {
      const of_shard = told.filter((id) => id.startsWith(`${shard}:`))
      if (of_shard.join() !== (ids ?? []).join())
        auditor.breaches.add('topics', `${stream} has ${of_shard.length} of the ${ids?.length} events of shard ${shard}, or another order`)
    }
  }
}

function* framesOf(logs: World['auditor']['log']['entries']) {
  for (const entries of logs)
    for (const { bytes } of entries) {
      const record = decodeRecord(bytes)
      if (!isClaim(record)) yield record
    }
}

/** The log, read from its bytes a second time, makes the same states. */
function inspectReplay({ auditor }: World): void {
  const again = new FoldAudit(new Breaches(() => 0), [...behaviours, poison])
  for (const frame of framesOf(auditor.log.entries)) for (const event of frame.events) again.take(frame, event)
  const second = again.hashes()
  for (const [key, hash] of auditor.fold.hashes())
    if (second.get(key) !== hash) auditor.breaches.add('replay', `${key} is another one when the log is read again`)
}

function inspectPeople({ auditor, provider }: World): void {
  const [bookings, runners] = [auditor.bookings(), auditor.runners()]
  for (const wrong of auditor.domain.disagreements(bookings, runners)) auditor.breaches.add('one runner', wrong)
  for (const [id, { pending_id }] of bookings)
    if (pending_id !== '') auditor.breaches.add('pending', `${id} still waits for runner ${pending_id}`)
  auditor.money.end(provider.sandbox.ledger.intents, (id) => bookings.get(id)?.status === 'cancelled')
}
