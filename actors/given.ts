/** A small language for the tests of actors, and the people and things that they speak of. */
import { Check } from 'typebox/value'
import { expect } from 'vitest'
import {
  type Actor,
  behaviourOf,
  type Context,
  type FollowUp,
  isRejection,
  type Message,
  type Principal,
} from '../protocols/actor.ts'
import { commands, events } from '../protocols/catalogue.ts'
import { type Effect, effects } from '../protocols/effects.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { isRefusal, type RejectionCode } from '../protocols/rejections.ts'
import type { MessageOf, Shapes } from '../protocols/shape.ts'

/** The id of every actor under test. */
export const self = '00000000-0000-4000-8000-000000000000'
/** 2026-03-14T02:00:00Z: when everything happens, unless it is said otherwise. */
export const noon_ms = 1_773_453_600_000
export const service: Principal = { id: self, role: 'service' }

export const standing: Context = {
  id: self,
  by: service,
  at_ms: noon_ms,
  policy: firstPolicy,
  command_id: 'command-1',
  serial: 1,
  shard: 3,
  shards: 8,
}

/** Reads as a sentence: `given(booking, [requested]).when(accept, runner).yields([pending]).asks([reserve])`. */
export function given<S, C extends Shapes, E extends Shapes, V, G extends Shapes, Q extends Shapes, M>(
  actor: Actor<S, C, E, V, G, Q, M>,
  history: readonly MessageOf<E>[],
  around: Partial<Context> = {},
) {
  const behaviour = behaviourOf(actor)
  const fold = (state: unknown, happened: readonly Message[]) =>
    happened.reduce((before, event) => behaviour.evolve(before, event, { ...standing, ...around }), state)
  const state = fold(behaviour.initial, history as readonly Message[])

  return {
    state: state as S,
    when: (command: MessageOf<C>, by: Principal = service) => {
      const context: Context = { ...standing, ...around, by }
      const decision = behaviour.decide(state, command as Message, context)
      const facts = isRejection(decision) ? [] : decision
      const reactions = facts.map((event) => behaviour.react(event, context))
      const asked = reactions.flatMap(({ follow_ups = [] }) => follow_ups)
      const effected = reactions.flatMap((reaction) => reaction.effects ?? [])
      for (const { type, ...body } of facts) onTheWire(events, type, body)
      for (const { type, ...body } of asked.map((each) => each.command)) onTheWire(commands, type, body)
      for (const { type, data } of effected) onTheWire(effects, type, data)
      const after = fold(state, facts)
      expect(behaviour.invariant(after)).toBeUndefined()

      const then = {
        state: after as S,
        yields(expected: readonly MessageOf<E>[]) {
          expect(decision).toEqual(expected)
          return then
        },
        asks(expected: readonly FollowUp[]) {
          expect(asked).toEqual(expected)
          return then
        },
        effects(expected: readonly Effect[]) {
          expect(effected).toEqual(expected)
          return then
        },
        settles(expected: 'wait' | 'done' | RejectionCode) {
          const settled = behaviour.settle(command as Message, after, context)
          expect(isRefusal(settled) ? settled.rejected : settled).toBe(expected)
          return then
        },
        yieldsNothing() {
          expect(decision).toEqual([])
          return then
        },
        isRejected(code: RejectionCode, detail?: string) {
          const expected = detail === undefined ? { rejected: code } : { rejected: code, detail }
          expect(decision).toMatchObject(expected)
          return then
        },
      }
      return then
    },
    /** How a command that was given before `history` ended is answered now. */
    settles: (command: MessageOf<C>, by: Principal, expected: 'wait' | 'done' | RejectionCode) => {
      const settled = behaviour.settle(command as Message, state, { ...standing, ...around, by })
      expect(isRefusal(settled) ? settled.rejected : settled).toBe(expected)
    },
    answers: (query: MessageOf<Q>, by: Principal) =>
      behaviour.answer({ state, volatile: behaviour.volatile }, query as Message, {
        ...standing,
        ...around,
        by,
      }),
    view: () => behaviour.view({ state, volatile: behaviour.volatile }, self),
  }
}

/** TypeScript lets a table row return a field that its message does not have; the schema does not. */
function onTheWire(table: Shapes, type: string, body: object) {
  const schema = table[type] as Shapes[string] & { properties: object }
  const unknown = Object.keys(body).filter((field) => !(field in schema.properties))
  expect(unknown, `${type} has no such field`).toEqual([])
  expect(Check(schema, body), `${type} does not match its schema: ${JSON.stringify(body)}`).toBe(true)
}

/** A generator of numbers in [0, 1) that a test can run again: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let hash = Math.imul(state ^ (state >>> 15), state | 1)
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61)
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32
  }
}
