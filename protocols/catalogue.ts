import { bookingCommands, bookingEvents, bookingQueries, bookingSteps } from './booking.ts'
import { paymentCommands, paymentEvents, paymentQueries, paymentSteps } from './payment.ts'
import { runnerCommands, runnerEvents, runnerQueries, runnerSignals, runnerSteps } from './runner.ts'
import type { MessageOf } from './shape.ts'
import { tripEvents, tripQueries, tripSignals, tripSteps } from './trip.ts'

/** Every message there is. Codecs, NATS subjects and the docs are all read off these tables. */
export const publicCommands = { ...bookingCommands, ...paymentCommands, ...runnerCommands }
export const steps = { ...bookingSteps, ...paymentSteps, ...runnerSteps, ...tripSteps }
export const commands = { ...publicCommands, ...steps }
export const queries = { ...bookingQueries, ...paymentQueries, ...runnerQueries, ...tripQueries }
export const signals = { ...runnerSignals, ...tripSignals }
export const events = { ...bookingEvents, ...paymentEvents, ...runnerEvents, ...tripEvents }

export type Command = MessageOf<typeof commands>
export type Signal = MessageOf<typeof signals>
export type Event = MessageOf<typeof events>
export type PublicCommandName = keyof typeof publicCommands
export type QueryName = keyof typeof queries
export type EventName = keyof typeof events
