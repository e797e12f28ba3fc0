// Who takes part in a booking: its owner, the runner who holds or held it to its end, and admins.
import type { Answer } from '../engine/host.ts'
import type { Principal } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { type Rejection, reject } from '../protocols/rejections.ts'
import type { Doors } from './doors.ts'

/** The parts of a booking's wire shape that say whose it is. */
export interface Parties {
  readonly id: string
  readonly status: string
  readonly owner_id: string
  readonly runner_id: string | null
}

/** A requested booking may be read by any runner; what goes with it is for those who take part. */
export function takesPart(booking: object, by: Principal): boolean {
  if (by.role === 'admin') return true
  const { owner_id, runner_id } = booking as { owner_id?: unknown; runner_id?: unknown }
  return by.id === owner_id || by.id === runner_id
}

/** The booking as its actor tells the caller. */
export const askBooking = (id: string, by: Principal, { host, env }: Doors): Promise<Answer> =>
  host.ask({
    to: { actor: 'booking', id },
    query: { type: 'booking.view' },
    by,
    deadline_ms: env.now_ms() + limits.command_deadline_ms,
  })

/**
 * The booking of the path, whose caller takes part in it; his next list shows at least as much of it. Ends in
 * `booking.not_found` or `booking.not_yours`.
 */
export async function bookingOf(
  { ids: { id = '' }, by }: { readonly ids: Readonly<Record<string, string>>; readonly by: Principal },
  doors: Doors,
): Promise<Parties | Rejection> {
  const answer = await askBooking(id, by, doors)
  if (!answer.ok) return answer.rejection
  if (!takesPart(answer.view, by)) return reject('booking.not_yours', 'only those who take part in it may')
  doors.reads.note(by.id, answer.shard, answer.n)
  return answer.view as Parties
}
