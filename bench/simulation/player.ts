/** Plays many seeds on several real threads: worlds share nothing, so each seed goes as it would alone. */
import { Worker } from 'node:worker_threads'
import type { Outcome } from './simulation.ts'

export interface Asked {
  readonly first: number
  readonly seeds: number
  /** Of real time. */
  readonly seconds: number
  /** Of virtual time, a seed. */
  readonly minutes: number
  readonly threads: number
  readonly until_failure: boolean
}

export interface Tally {
  readonly seeds: number
  readonly events: number
  readonly virtual_s: number
  readonly real_s: number
  /** Of all threads together. */
  readonly cpu_s: number
  readonly failed: readonly Outcome[]
}

/** What a thread is told: play this seed. */
export interface Order {
  readonly seed: number
  readonly minutes: number
}

const progress_ms = 10_000
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Hands seeds out until there are no more of them, the time is over, or one failed; `progress` is called now and then. */
export function playSeeds(asked: Asked, progress: (so_far: Tally) => void): Promise<Tally> {
  const began_ms = performance.now()
  const began_cpu_s = cpuSeconds()
  let [next, seeds, events, virtual_ms, open] = [asked.first, 0, 0, 0, 0]
  const failed: Outcome[] = []
  const tally = (): Tally => ({
    seeds,
    events,
    virtual_s: Math.round(virtual_ms / 1_000),
    real_s: Math.round(performance.now() - began_ms) / 1_000,
    cpu_s: Math.round(1_000 * (cpuSeconds() - began_cpu_s)) / 1_000,
    failed,
  })
  const isOver = () =>
    next >= asked.first + asked.seeds ||
    performance.now() - began_ms > 1_000 * asked.seconds ||
    (asked.until_failure && failed.length > 0)
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => progress(tally()), progress_ms)
    const workers = Array.from(
      { length: asked.threads },
      () => new Worker(new URL('./player_thread.js', import.meta.url)),
    )
    const hand = (worker: Worker) => {
      if (!isOver()) {
        open += 1
        worker.postMessage({ seed: next++, minutes: asked.minutes } satisfies Order)
      } else if (open === 0) {
        clearInterval(timer)
        resolve(tally())
        for (const each of workers) void each.terminate()
      }
    }
    for (const worker of workers) {
      worker.on('error', reject)
      worker.on('message', (outcome: Outcome) => {
        open -= 1
        seeds += 1
        events += outcome.steps
        virtual_ms += 2 * outcome.virtual_ms
        if (outcome.breaches.length > 0) failed.push(outcome)
        hand(worker)
      })
      hand(worker)
    }
  })
}
