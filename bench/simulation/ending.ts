/** What must be so once all trouble is over: everybody is answered, nothing is owed, and all that is derived agrees. */
import { stateHash } from '../../engine/hash.ts'
import { decodeRecord } from '../../protocols/codec.ts'
import { isClaim } from '../../protocols/frame.ts'
import { Breaches } from './breaches.ts'
import { FoldAudit } from './fold_audit.ts'
import { behaviours } from '../../actors/behaviours.ts'
import { poison } from './poison.ts'
import { start_ms } from './virtual_env.ts'
import type { World } from './world.ts'

/** How late a due timer or step may be in the end, in milliseconds. */
const slack_ms = 10_000

/** Why the system is not at rest yet, or nothing. */
export function unrest(world: World): string | undefined {
  const { crowd, deployment } = world
  const node = deployment.current
  if (crowd.present > 0) return `${crowd.present} people wait for an answer`
  if (!node?.open) return 'no node has every shard'
  for (const { thread } of node.members) {
    const { projections, topics } = thread.lag
    if (projections + topics > 0) return `${projections} frames are not in the lists, ${topics} not on the topics`
    for (const { index, waiting, status } of thread.owned) {
      const { mailbox, gate, outbox } = waiting
      if (status !== 'open') return `shard ${index} is ${status}`
      if (mailbox + gate + outbox > 0)
        return `shard ${index} holds ${mailbox} commands, ${gate} answers and ${outbox} things that it owes`
    }
  }
  return undefined
}

/** Holds everything at rest against the log. */
export function inspect(world: World): void {
  const { auditor, timeline } = world
  for (const overdue of auditor.debts.overdue(start_ms + timeline.now_ms - slack_ms))
    auditor.breaches.add('pending', overdue)
  inspectMemory(world)
  inspectLists(world)
  inspectReplay(world)
  inspectPeople(world)
}

/** What lives in memory is what the log says; nobody is quarantined. */
function inspectMemory({ auditor, deployment }: World): void {
  for (const { thread } of deployment.current?.members ?? [])
    for (const { index, residents } of thread.owned)
      for (const { key, seq, state, quarantined } of residents.values()) {
        const folded = auditor.fold.actors.get(key)
        if (quarantined !== undefined) auditor.breaches.add('state', `${key} is quarantined: ${quarantined}`)
        if ((folded?.seq ?? 0) !== seq || stateHash(folded?.state ?? state) !== stateHash(state))
          auditor.breaches.add('memory', `${key} of shard ${index} is not what its ${folded?.seq} events say`)
      }
}

/** Audit rows are events: all of them, once, in the order of each shard. */
function inspectLists({ auditor, database }: World): void {
  const told = database.projections.events.map(({ kind, id, seq }) => `${kind}/${id} ${seq}`)
  const known = new Set(told)
  if (known.size !== told.length) auditor.breaches.add('lists', `${told.length - known.size} events came twice`)
  for (const [key, { seq }] of auditor.fold.actors)
    for (let each = 1; each <= seq; each++)
      if (!known.has(`${key} ${each}`)) auditor.breaches.add('lists', `event ${each} of ${key} is in no list`)
}

/** The log, read from its bytes a second time, makes the same states. */
function inspectReplay({ auditor }: World): void {
  const again = new FoldAudit(new Breaches(() => 0), [...behaviours, poison])
  for (const entries of auditor.log.entries)
    for (const { bytes } of entries) {
      const record = decodeRecord(bytes)
      if (!isClaim(record)) for (const event of record.events) again.take(record, event)
    }
  const [first, second] = [auditor.fold.hashes(), again.hashes()]
  for (const [key, hash] of first)
    if (second.get(key) !== hash) auditor.breaches.add('replay', `${key} is another one when the log is read again`)
}

function inspectPeople({ auditor, provider }: World): void {
  const [bookings, runners] = [auditor.bookings(), auditor.runners()]
  for (const wrong of auditor.domain.disagreements(bookings, runners)) auditor.breaches.add('one runner', wrong)
  for (const [id, { pending_id }] of bookings)
    if (pending_id !== '') auditor.breaches.add('pending', `${id} still waits for runner ${pending_id}`)
  auditor.money.end(provider.sandbox.ledger.intents, (id) => bookings.get(id)?.status === 'cancelled')
}

