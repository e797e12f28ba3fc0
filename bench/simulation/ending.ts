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
  return (
    threads.map(unrestOf).find(Boolean) ?? threads.flatMap(({ owned }) => owned.map(burden)).find(Boolean)
  )
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
  world.bounds.end()
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
    for (const { key, seq, state, quarantined } of residents.values()) {
      const folded = auditor.fold.actors.get(key) ?? { seq: 0, state }
      if (quarantined !== undefined) auditor.breaches.add('state', `${key} is quarantined: ${quarantined}`)
      if (folded.seq !== seq || stateHash(folded.state) !== stateHash(state))
        auditor.breaches.add(
          'memory',
          `${key} lives at event ${seq}, and is not what its ${folded.seq} events say`,
        )
    }
}

/** Audit rows are events: all of them, once. */
function inspectLists({ auditor, database }: World): void {
  const told = database.projections.events.map(({ kind, id, seq }) => `${kind}/${id} ${seq}`)
  const known = new Set(told)
  if (known.size !== told.length)
    auditor.breaches.add('lists', `${told.length - known.size} events came twice`)
  for (const [key, { seq }] of auditor.fold.actors)
    for (let each = 1; each <= seq; each++)
      if (!known.has(`${key} ${each}`)) auditor.breaches.add('lists', `event ${each} of ${key} is in no list`)
}

/** Every public event is on its topic once, under its subject, in the order of its shard, and nothing else is; whatever was lost on the way. */
function inspectTopics(world: World): void {
  const [due, told] = [dueOnTopics(world), toldOnTopics(world)]
  for (const name of new Set([...due.keys(), ...told.keys()])) {
    const wrong = difference(due.get(name) ?? [], told.get(name) ?? [])
    if (wrong !== undefined) world.auditor.breaches.add('topics', `${name}: ${wrong}`)
  }
}

/** What is wrong with a topic, or nothing. */
function difference(due: readonly string[], told: readonly string[]): string | undefined {
  const [wanted, have] = [new Set(due), new Set(told)]
  if (have.size < told.length) return `${told.length - have.size} events came twice`
  const missing = due.filter((each) => !have.has(each))
  if (missing.length > 0) return `${missing.length} of ${due.length} events are missing, first ${missing[0]}`
  const strange = told.find((each) => !wanted.has(each))
  if (strange !== undefined) return `${strange} is in no frame`
  const at = due.findIndex((each, index) => told[index] !== each)
  return at < 0 ? undefined : `${told[at]} came before ${due[at]}`
}

/** Ids and subjects of the public events, by topic and shard, as the log has them. */
function dueOnTopics({ auditor }: World): Map<string, string[]> {
  const due = new Map<string, string[]>()
  for (const { shard, n, events } of framesOf(auditor.log.entries))
    for (const [index, record] of events.entries()) {
      const id = eventId(shard, n, index)
      const { stream, subject } = publicEvent(record, id) ?? {}
      if (stream && kept_topics.includes(stream))
        listIn(due, `${stream} of shard ${shard}`).push(`${id} ${subject}`)
    }
  return due
}

/** The same, as the topics have them. */
function toldOnTopics({ streams }: World): Map<string, string[]> {
  const told = new Map<string, string[]>()
  for (const stream of kept_topics)
    for (const message of streams.messagesOf(stream))
      listIn(told, `${stream} of shard ${message.slice(0, message.indexOf(':'))}`).push(message)
  return told
}

function listIn(lists: Map<string, string[]>, name: string): string[] {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  return list
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
  for (const frame of framesOf(auditor.log.entries))
    for (const event of frame.events) again.take(frame, event)
  const second = again.hashes()
  for (const [key, hash] of auditor.fold.hashes())
    if (second.get(key) !== hash)
      auditor.breaches.add('replay', `${key} is another one when the log is read again`)
}

function inspectPeople({ auditor, provider }: World): void {
  const [bookings, runners] = [auditor.bookings(), auditor.runners()]
  for (const wrong of auditor.domain.disagreements(bookings, runners))
    auditor.breaches.add('one runner', wrong)
  for (const [id, { pending_id }] of bookings)
    if (pending_id !== '') auditor.breaches.add('pending', `${id} still waits for runner ${pending_id}`)
  auditor.money.end(provider.sandbox.ledger.intents, (id) => bookings.get(id)?.status === 'cancelled')
}
