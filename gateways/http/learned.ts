// What the world outside knows about a command: asked at the door, recorded with the command, never asked again.

import type { RequestInputs } from '../../protocols/booking.ts'
import type { PublicCommandName } from '../../protocols/catalogue.ts'
import type { Point } from '../../protocols/ids.ts'
import type { Routing } from '../../protocols/routing.ts'

/** Takes a checked body. A way that nobody knows is left out. */
export async function learnedFor(
  command: PublicCommandName,
  body: object,
  routing: Routing,
): Promise<RequestInputs | undefined> {
  if (command !== 'booking.request') return undefined
  const { pickup_address, dropoff_address } = body as Record<'pickup_address' | 'dropoff_address', Point>
  return { route: await routing.route(pointOf(pickup_address), pointOf(dropoff_address)) }
}

const pointOf = ({ latitude, longitude }: Point): Point => ({ latitude, longitude })
