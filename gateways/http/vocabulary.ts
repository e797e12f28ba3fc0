// The one word that a client reads in its own way: contract, section 3.0.3.
import type { Reply } from './reply.ts'

/** Web-runner's. It offers its deliver button for `in_transit` alone; every other app takes `in_progress` alone. */
const web_runner_origin = 'http://localhost:3002'
const bookings_prefix = '/api/v1/bookings'

/** The reply as the app of this origin understands it. */
export function wordedFor(origin: string, path: string, reply: Reply): Reply {
  if (origin !== web_runner_origin || !path.startsWith(bookings_prefix)) return reply
  const { body } = reply
  return typeof body === 'object' && 'data' in body
    ? { ...reply, body: { ...body, data: inTransit(body.data) } }
    : reply
}

/** A booking, a list of them, or an object with such a list under `items`; anything else comes back as it is. */
function inTransit(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(inTransit)
  if (typeof data !== 'object' || data === null) return data
  if ('items' in data) return { ...data, items: inTransit(data.items) }
  return 'pet_spec' in data && 'status' in data && data.status === 'in_progress'
    ? { ...data, status: 'in_transit' }
    : data
}
