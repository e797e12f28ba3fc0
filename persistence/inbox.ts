import { attempt, type Sql } from './pg.ts'
import { uuidOf } from './records.ts'

/** What a notice says. */
const texts = {
  runner_assigned: ['A runner is on the way', 'Your booking has been accepted.'],
  runner_declined: ['Looking for another runner', 'Your runner had to give the booking back.'],
  pet_picked_up: ['Picked up', 'Your pet is on its way.'],
  delivered: ['Delivered', 'Your pet has arrived. Please confirm the delivery.'],
  completed: ['Completed', 'The booking is complete.'],
  cancelled: ['Cancelled', 'The booking has been cancelled.'],
} as const

interface Notice {
  /** A second notice with this id is the same one. */
  readonly effect_id: string
  readonly user_id: string
  readonly template: keyof typeof texts
  readonly booking_id: string
  readonly at_ms: number
}

interface Inbox {
  /** Resolves once the notice is kept; a repeat of its `effect_id` changes nothing. Rejects with a Fault. */
  add(notice: Notice): Promise<void>
}

/** The inbox of every user, in the table `notifications`. */
export function openInbox(sql: Sql): Inbox {
  return {
    add: ({ effect_id, user_id, template, booking_id, at_ms }) =>
      attempt('keeping a notice', async () => {
        const [title, body] = texts[template]
        const at = new Date(at_ms)
        await sql`
          INSERT INTO notifications (id, user_id, booking_id, event_type, title, body, created_at, updated_at)
          VALUES (${uuidOf('notice', effect_id)}, ${user_id}, ${booking_id}, ${template}, ${title}, ${body}, ${at}, ${at})
          ON CONFLICT (id) DO NOTHING`
      }),
  }
}
