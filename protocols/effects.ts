import { type Static, Type } from 'typebox'
import { Id, Point } from './ids.ts'
import { Requirement } from './runner.ts'

/** All that the system asks of the world outside its actors. Each is called after its frame is durable, at least once. */
export const effects = {
  /** A notice for one person: a row of the inbox, named by the effect's id, so that a repeat changes nothing. */
  'push.send': Type.Object({
    user_id: Id,
    template: Type.Union([
      Type.Literal('runner_assigned'),
      Type.Literal('runner_declined'),
      Type.Literal('pet_picked_up'),
      Type.Literal('delivered'),
      Type.Literal('completed'),
      Type.Literal('cancelled'),
    ]),
    booking_id: Id,
  }),
  /** Tells runners near the pickup, who could take it, that a booking is open. */
  'dispatch.announce': Type.Object({ booking_id: Id, pickup: Point, requirement: Requirement }),
}

export type Effect = {
  [Name in keyof typeof effects]: Readonly<{ type: Name; data: Static<(typeof effects)[Name]> }>
}[keyof typeof effects]
