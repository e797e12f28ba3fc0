import type { Random } from '../city/random.ts'

export type Victim = 'engine' | 'nats' | 'database'

const victims: readonly Victim[] = ['engine', 'nats', 'database']

/** Whom a round kills: the first three rounds take each once, later ones by lot, one in five a pair. */
export function victimsOf(round: number, random: Random): readonly Victim[] {
  const first = victims[round] ?? random.pick(victims)
  if (round < victims.length || !random.chance(0.2)) return [first]
  return [first, random.pick(victims.filter((victim) => victim !== first))]
}
