import { type Static, Type } from 'typebox'
import { type Actor, behaviourOf } from '../protocols/actor.ts'

const counterCommands = { 'counter.add': Type.Object({ amount: Type.Integer() }) }
const counterEvents = { 'counter.added': Type.Object({ amount: Type.Integer() }) }
/** Reported, and not recorded. */
const counterSignals = { 'counter.nudged': Type.Object({}) }
const counterQueries = { 'counter.view': Type.Object({}) }
type Counter = Readonly<Static<typeof Counter>>
const Counter = Type.Object({ total: Type.Integer(), times: Type.Integer() })

const counter: Actor<
  Counter,
  typeof counterCommands,
  typeof counterEvents,
  number,
  typeof counterSignals,
  typeof counterQueries
> = {
  name: 'counter',
  initial: { total: 0, times: 0 },
  decide: { 'counter.add': (_state, { amount }) => [{ type: 'counter.added', amount }] },
  evolve: {
    'counter.added': ({ total, times }, { amount }) => ({ total: total + amount, times: times + 1 }),
  },
  volatile: 0,
  sense: { 'counter.nudged': ({ volatile }) => ({ volatile: volatile + 1 }) },
  answer: { 'counter.view': ({ state }) => state },
  view: ({ state }) => state,
}

/** The smallest actor that records something: what is measured with it is the engine's own work. */
export const counterBehaviour = behaviourOf(counter)
