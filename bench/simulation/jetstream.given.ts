// A simulated server on a stepped clock, and time that goes by while a test waits.
import { SteppedEnv } from '../../engine/clock.ts'
import { openJournal } from '../../persistence/journal.ts'
import { ensureStreams } from '../../persistence/streams.ts'
import { calm, SimJetStream, type Weather } from './jetstream.ts'

/** Moves time in small steps until a promise has ended. */
export async function during<Result>(env: SteppedEnv, promise: Promise<Result>): Promise<Result> {
  let ended = false
  const end = () => {
    ended = true
  }
  promise.then(end, end)
  await env.settle()
  while (!ended) await env.advance(1)
  return promise
}

/** A server with the system's streams, a link and a journal; `change` is the weather where it is not calm. */
export async function simulated(replicas = 1, change: Partial<Weather> = {}) {
  const env = new SteppedEnv()
  const nats = new SimJetStream({ env, weather: { ...calm(env), ...change } })
  const link = nats.connect('one', env)
  await during(env, ensureStreams(link, { shards: 16, replicas }))
  const journal = await during(env, openJournal(link))
  return { env, nats, link, journal }
}

/** Lets time go by until it is told to stop, for suites that know of no clock. */
export function running(env: SteppedEnv): () => Promise<void> {
  let stopped = false
  const pumped = (async () => {
    while (!stopped) await env.advance(1)
  })()
  return async () => {
    stopped = true
    await pumped
  }
}
