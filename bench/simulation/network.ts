/** How messages travel: each takes its time, and the weather decides what becomes of it. */
import { Fault } from '../../engine/ports.ts'
import type { Random } from '../city/random.ts'
import type { Life, Timeline } from './timeline.ts'

/** What is wrong with the network at the moment; each a probability, or milliseconds. */
export interface Weather {
  loss: number
  duplicates: number
  /** Up to so much later than usual, each message by its own draw, so that they overtake each other. */
  reorder_ms: number
  /** Now and then a message is late by up to this. */
  delay_ms: number
}

export const fair: Readonly<Weather> = { loss: 0, duplicates: 0, reorder_ms: 0, delay_ms: 0 }
const late_share = 0.02

/** How long a message takes in fair weather, in milliseconds. */
interface Distance {
  readonly least_ms: number
  readonly most_ms: number
}

export const distances = {
  person: { least_ms: 2, most_ms: 30 },
  nats: { least_ms: 0.1, most_ms: 0.5 },
  database: { least_ms: 0.3, most_ms: 3 },
  stripe: { least_ms: 20, most_ms: 120 },
} as const satisfies Record<string, Distance>

export class Network {
  readonly weather: Weather = { ...fair }
  readonly timeline: Timeline
  readonly #random: Random

  constructor(timeline: Timeline, random: Random) {
    this.timeline = timeline
    this.#random = random
  }

  /** Delivers to a life once, twice or never, as the weather is. */
  send(distance: Distance, to: Life, deliver: () => void): void {
    const { loss, duplicates } = this.weather
    if (loss > 0 && this.#random.chance(loss)) return
    this.timeline.after(this.#takes(distance), to, deliver)
    if (duplicates > 0 && this.#random.chance(duplicates))
      this.timeline.after(this.#takes(distance), to, deliver)
  }

  #takes({ least_ms, most_ms }: Distance): number {
    const { reorder_ms, delay_ms } = this.weather
    const usual_ms = this.#random.between(least_ms, most_ms)
    const overtaken_ms = reorder_ms > 0 ? this.#random.between(0, reorder_ms) : 0
    const late = delay_ms > 0 && this.#random.chance(late_share)
    return usual_ms + overtaken_ms + (late ? this.#random.between(0, delay_ms) : 0)
  }
}

/** One who asks a store over the network. */
export interface Caller {
  readonly life: Life
  readonly network: Network
}

/** A store on the network. */
export interface Place {
  readonly life: Life
  readonly distance: Distance
  readonly timeout_ms: number
  /** Why it does not answer, or nothing. */
  readonly isAway: (caller: Caller) => boolean
}

/** Asks a store and waits for its answer. A question or an answer that is lost ends in a Fault, and the outcome is unknown. */
export function ask<Value>(caller: Caller, place: Place, act: () => Value | Promise<Value>): Promise<Value> {
  const { network, life } = caller
  return new Promise((resolve, reject) => {
    const cancel = network.timeline.after(place.timeout_ms, life, () =>
      reject(new Fault('no answer in time', { retry: true })),
    )
    const answer = (settle: () => void) =>
      network.send(place.distance, life, () => {
        cancel()
        settle()
      })
    network.send(place.distance, place.life, () => {
      if (place.isAway(caller)) return
      const give = (value: Value) => answer(() => resolve(value))
      const refuse = (error: unknown) => answer(() => reject(error))
      try {
        const value = act()
        if (value instanceof Promise) value.then(give, refuse)
        else give(value)
      } catch (error) {
        refuse(error)
      }
    })
  })
}
