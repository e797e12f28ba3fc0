import { behaviourOf } from '../protocols/actor.ts'
import { booking } from './booking.ts'
import { payment } from './payment.ts'
import { runner } from './runner.ts'
import { trip } from './trip.ts'

/** Every actor there is, as the engine takes them. */
export const behaviours = [behaviourOf(booking), behaviourOf(payment), behaviourOf(runner), behaviourOf(trip)]
