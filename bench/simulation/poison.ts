import { type Actor, behaviourOf } from '../../protocols/actor.ts'

/** An actor whose every decision is a bug. The engine looks commands up by name, so the catalogue need not know it. */
export const poison = behaviourOf({
  name: 'poison',
  initial: 0,
  decide: {
    'poison.take': () => {
      throw new Error('a bug in decide')
    },
  },
  evolve: {},
} as Actor<number, Record<never, never>, Record<never, never>>)
