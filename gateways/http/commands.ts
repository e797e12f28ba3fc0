// Routes that name a command or a query: one message to one actor.
import { isDeepStrictEqual } from 'node:util'
import type { Address, Message } from '../../protocols/actor.ts'
import { checkCommand } from '../../protocols/check.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { askBooking, type Parties } from '../participants.ts'
import { sealerOf } from '../vault/sealing.ts'
import { derivedId, keyedId, windowedId } from './command_id.ts'
import { completed, normalised } from './inputs.ts'
import { learnedFor } from './learned.ts'
import { acknowledged, created, ok, type Reply } from './reply.ts'
import type { HttpDoors, KnownRequest } from './request.ts'
import type { Read, Write } from './routes.ts'
import type { TimeTable } from './shared.ts'

/** Sends the command on its way and answers when it is durable. Ends in whatever the actor refuses with, or a Fault. */
export async function command(
  route: Write,
  request: KnownRequest,
  doors: HttpDoors,
  repeats: TimeTable,
): Promise<Reply | Rejection> {
  const { by } = request
  const copy = route.copies ? await copied(request, doors) : undefined
  if (isRefusal(copy)) return copy
  // A stranger's body may look like a refusal of ours: it is asked nothing before the check has cleaned it.
  const given = copy ?? (await completed(route.command, request.body, by, doors.accounts))
  const checked = checkCommand(route.command, given)
  const said = isRefusal(checked) ? checked : normalised(route.command, checked)
  if (isRefusal(said)) return said
  // Whatever follows, names made of the body included, knows only what is sealed.
  const body = await sealed(route, request, said, doors)
  if (isRefusal(body)) return body
  const id = commandId(route, request, body, doors, repeats)
  if (typeof id !== 'string') return id
  const learned = await learnedFor(route.command, body, doors.routing)
  const answer = await doors.host.submit({
    id,
    to: addressOf(route.command, route.at, request, id),
    command: { ...body, type: route.command } as Message,
    ...(learned ? { learned } : {}),
    by,
    deadline_ms: doors.env.now_ms() + limits.command_deadline_ms,
    lane: 'command',
    trace: request.trace,
  })
  if (!answer.ok) return answer.rejection
  doors.reads.note(by.id, answer.shard, answer.n)
  return replyTo(route, answer.view, said)
}

/** Under the key of whom it is about: a booking's texts are its owner's, whoever of its parties writes them. */
async function sealed(route: Write, request: KnownRequest, body: object, doors: HttpDoors) {
  const { by } = request
  const foreign = route.at === 'id' && by.role !== 'owner' && sealerOf(route.command) !== undefined
  if (!foreign) return doors.vault.seal(route.command, body, by.id)
  const booking = await askBooking(request.ids.id ?? '', by, doors)
  // Whom the booking is not shown to is refused by its actor: nothing of what he wrote is kept.
  const owner_id = booking.ok ? (booking.view as Parties).owner_id : by.id
  return doors.vault.seal(route.command, body, owner_id)
}

/** Asks the actor. */
export async function query(
  route: Read,
  request: KnownRequest,
  doors: HttpDoors,
): Promise<Reply | Rejection> {
  const answer = await doors.host.ask({
    to: addressOf(route.query, route.at, request, ''),
    query: { type: route.query },
    by: request.by,
    deadline_ms: doors.env.now_ms() + limits.command_deadline_ms,
  })
  return answer.ok ? ok(answer.view) : answer.rejection
}

/** A repeat of these would make a second thing. */
const creating: ReadonlySet<string> = new Set(['booking.request', 'runner.register', 'runner.add_crate'])

function commandId(
  route: Write,
  { idempotency_key: key, by, path }: KnownRequest,
  body: object,
  { env }: HttpDoors,
  repeats: TimeTable,
): string | Rejection {
  if (key.length > limits.idempotency_key_max)
    return reject(
      'request.malformed',
      `Idempotency-Key holds at most ${limits.idempotency_key_max} characters`,
    )
  if (key !== '') return keyedId(by.id, key)
  if (!creating.has(route.command)) return env.uuid()
  return windowedId(by.id, path, body, env.now_ms(), repeats)
}

/** A new actor's id comes from its maker and the command, so that a retry meets its first attempt in the same shard. */
function addressOf(message: string, at: Write['at'], { ids, by }: KnownRequest, command_id: string): Address {
  const actor = message.slice(0, message.indexOf('.'))
  if (at === 'new') return { actor, id: derivedId(actor, by.id, command_id) }
  return { actor, id: at === 'me' ? by.id : (ids.id ?? '') }
}

function replyTo({ answer, status }: Write, view: object, body: object): Reply {
  if (answer === undefined) return status === 201 ? created(view) : ok(view)
  return answer === 'crate' ? created(addedCrate(view, body)) : acknowledged(answer.message)
}

/** The newest crate that is as it was asked for. */
function addedCrate(view: object, body: object): object {
  const { crate_specs } = view as { crate_specs: readonly Readonly<Record<string, unknown>>[] }
  const crate = crate_specs.findLast((spec) =>
    Object.entries(body).every(([name, value]) => isDeepStrictEqual(spec[name], value)),
  )
  if (!crate) throw new Error('the runner does not show the crate that was added')
  return crate
}

/** What an earlier booking of the owner asked for, without its appointment: `booking.not_found`, `booking.not_yours`. */
async function copied(
  { ids: { id = '' }, by }: KnownRequest,
  doors: HttpDoors,
): Promise<Readonly<Record<string, unknown>> | Rejection> {
  const answer = await askBooking(id, by, doors)
  if (!answer.ok) return answer.rejection
  const { owner_id, pet_spec, pickup_address, dropoff_address, notes } = answer.view as Readonly<
    Record<string, unknown>
  >
  if (owner_id !== by.id) return reject('booking.not_yours', 'only its owner books it again')
  return {
    pet_spec,
    pickup_address,
    dropoff_address,
    notes: String(notes).slice(0, limits.request_notes_max),
  }
}
