import type { Told } from '../../engine/chronicle.ts'
import { canonical } from '../../engine/hash.ts'
import { type Behaviour, type Context, isRejection, type Message } from '../../protocols/actor.ts'
import type { CommandRecord, EventRecord } from '../../protocols/frame.ts'

/** A command with the state that it met, and what came of it. */
export type Decided = Pick<Told, 'command' | 'context' | 'before'> & {
  readonly events: readonly { readonly record: EventRecord }[]
}

/** How today's code decides a recorded command otherwise than it was decided then; nothing when it does the same. */
export function decideAgain(behaviours: readonly Behaviour[], told: Decided): string | undefined {
  const behaviour = behaviours.find(({ name }) => name === told.command.to.actor)
  if (!behaviour) return `no actor is called ${told.command.to.actor}`
  const now = decided(behaviour, told.before.state, told.command, told.context)
  const then = told.events.map(({ record }) => ({ type: record.type, ...record.data }))
  if (typeof now === 'string') return then.length === 0 ? undefined : `now ${now}, then ${typesOf(then)}`
  if (now.length !== then.length) return `now ${typesOf(now)}, then ${typesOf(then)}`
  const index = now.findIndex((event, place) => canonical(event) !== canonical(then[place]))
  if (index < 0) return undefined
  return `event ${index + 1} is now ${canonical(now[index])}, and was ${canonical(then[index])}`
}

/** A step that was refused by a throw left a record without events, as did one that changed nothing. */
function decided(behaviour: Behaviour, state: unknown, { type, body }: CommandRecord, context: Context) {
  try {
    const decision = behaviour.decide(state, { ...body, type }, context)
    return isRejection(decision) ? `refused with ${decision.rejected}` : decision
  } catch (cause) {
    return `it throws ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

const typesOf = (events: readonly Message[]) => events.map(({ type }) => type).join(', ') || 'nothing'
