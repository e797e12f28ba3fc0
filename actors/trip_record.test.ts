import { expect, test } from 'vitest'
import { behaviourOf, isRejection } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import type { TripEvent, Waypoint } from '../protocols/trip.ts'
import { given, noon_ms, seeded, self, standing } from './given.ts'
import { type Trip, trip } from './trip.ts'

const runner_id = '22222222-2222-4222-8222-222222222222'
const started: TripEvent = {
  type: 'tracking.started',
  track_id: self,
  runner_id,
  owner_id: '11111111-1111-4111-8111-111111111111',
}
const boots = [0, 1, 2].map((index) => `${index}4444444-4444-4444-8444-444444444444`)
const place = (boot: string, seq: number, at_ms: number): Waypoint => ({
  boot,
  seq,
  latitude: 3 + at_ms / 1e12,
  longitude: 101.6,
  speed_kmh: 30,
  heading_degrees: 0,
  at_ms,
  live: true,
})

const behaviour = behaviourOf(trip)
const keyOf = ({ boot, seq }: Waypoint) => `${boot} ${seq}`

/** One frame at the trip: its next state and what was recorded, or nothing when it was refused. */
function record(state: unknown, waypoints: readonly Waypoint[], at_ms = noon_ms) {
  const command = { type: 'trip.record', runner_id, waypoints }
  const decision = behaviour.decide(state, command, { ...standing, at_ms })
  if (isRejection(decision)) return undefined
  const events = decision as readonly TripEvent[]
  return {
    state: events.reduce<unknown>((before, event) => behaviour.evolve(before, event, standing), state),
    recorded: events.flatMap((event) => (event.type === 'trip.waypoints' ? event.waypoints.map(keyOf) : [])),
  }
}

/** A phone that starts twice; its frames are late, overlap and come again. Gives what was acked and what was recorded. */
function drive(seed: number) {
  const random = seeded(seed)
  let state: unknown = given(trip, [started]).state
  const acked = new Set<string>()
  const recorded: string[] = []
  const sent: Waypoint[] = []
  for (let step = 0; step < 300; step++) {
    const at_ms = noon_ms + step * 1_000
    sent.push(place(boots[Math.floor(step / 100)] ?? '', step % 100, at_ms))
    if (random() < 0.3) continue
    const from = Math.max(0, sent.length - 1 - Math.floor(random() * 25))
    const waypoints = sent.slice(from, from + 1 + Math.floor(random() * 12))
    const done = record(state, waypoints, at_ms)
    if (!done) continue
    state = done.state
    recorded.push(...done.recorded)
    for (const each of waypoints) acked.add(keyOf(each))
  }
  return { acked, recorded, state: state as Trip }
}

test('TR15 every acked place is recorded, and recorded once, in whatever frames it comes', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { acked, recorded, state } = drive(seed)
    expect(new Set(recorded), `seed ${seed}`).toEqual(acked)
    expect(recorded.length, `seed ${seed}`).toBe(acked.size)
    expect(acked.size).toBeGreaterThan(150)
    expect(trip.invariant?.(state)).toBeUndefined()
  }
})

test('TR16 a trip remembers little, however long it is and however many numbers are missing', () => {
  let state: unknown = given(trip, [started]).state
  for (let seq = 0; seq < 4_000; seq += 2) {
    const boot = `${(seq % 20).toString(16).padStart(8, '0')}-4444-4444-8444-444444444444`
    state = record(state, [place(boot, seq, noon_ms + seq * 20_000)])?.state
  }
  const { boots: known, course } = state as Trip
  expect(known).toHaveLength(limits.boots_per_trip_max)
  expect(course.gaps).toHaveLength(limits.gaps_per_trip_max)
  expect(JSON.stringify(state).length).toBeLessThan(16_000)
})
