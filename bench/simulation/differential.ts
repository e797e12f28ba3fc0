/**
 * The differential fuzzer: the same operations on real nats-servers and on the model, compared answer by answer and
 * message by message. What differs is shrunk to few operations and shown with the seed that repeats it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../city/random.ts'
import {
  brief_ms,
  type Operation,
  operationsOf,
  type Plan,
  streams,
  wait_ms,
} from './differential_operations.ts'
import { Player } from './differential_player.ts'
import { freshStreams, type Model, type Servers, startModel, startServers } from './differential_sides.ts'
import type { SimJetStream } from './jetstream.ts'

export interface Difference {
  readonly seed: number
  readonly replicas: number
  /** What was played up to the difference, as short as it was found. */
  readonly operations: readonly Operation[]
  /** What the last operation gave, or the first message of a log that differs. */
  readonly server: string
  readonly model: string
}

export interface Comparison {
  readonly seed: number
  readonly plan: Plan
  /** Makes the model another one, to see that it is found out. */
  readonly spoil?: (nats: SimJetStream) => void
}

type Unlike = Omit<Difference, 'seed' | 'replicas'>

const shrink_tries_max = 60
const shrink_ms = 30_000
/** An id whose age is this near to the end of its window is waited with: the clocks of the two sides differ a little. */
const unclear_ms = 400
/** A replica that lags gives an older log: the same reading is asked again before it counts. */
const lag_tries = 50
const lag_ms = 20

/** Plays the operations of a seed; undefined: both sides were alike to the last byte. */
export async function compare(servers: Servers, comparison: Comparison): Promise<Difference | undefined> {
  const { seed, plan } = comparison
  const unlike = await play(servers, operationsOf(new Random(seed), plan), comparison)
  if (!unlike) return undefined
  return { seed, replicas: servers.replicas, ...(await shrunk(servers, unlike, comparison)) }
}

async function play(
  servers: Servers,
  operations: readonly Operation[],
  { spoil }: Comparison,
): Promise<Unlike | undefined> {
  await freshStreams(servers)
  const model = await startModel(servers.replicas)
  spoil?.(model.nats)
  const sides = {
    servers,
    model,
    real: await Player.open(servers.link),
    simulated: await model.during(Player.open(model.link)),
    seen: new Map<string, number>(),
    start_ms: performance.now() - model.env.monotonic_ms(),
  }
  for (const [index, operation] of operations.entries()) {
    const unlike = await step(sides, operation)
    if (unlike) return { operations: operations.slice(0, index + 1), ...unlike }
  }
  const unlike = await unlikeLogs(sides)
  return unlike && { operations, ...unlike }
}

interface Sides {
  readonly servers: Servers
  readonly model: Model
  readonly real: Player
  readonly simulated: Player
  /** When an id was sent to a subject, by the wall. */
  readonly seen: Map<string, number>
  readonly start_ms: number
}

type Outcomes = { readonly server: string; readonly model: string } | undefined

async function step(sides: Sides, operation: Operation): Promise<Outcomes> {
  const { servers, model, real, simulated } = sides
  if (operation.do === 'wait') {
    await pause(wait_ms)
    return undefined
  }
  if (operation.do === 'restart') {
    await model.restart(await servers.restart())
    return undefined
  }
  await untilClear(sides, operation)
  const server = await real.play(operation)
  const modelled = await model.during(simulated.play(operation))
  if (server === modelled) return undefined
  if (operation.do !== 'read' || servers.replicas === 1) return { server, model: modelled }
  for (let tries = 0; tries < lag_tries; tries++) {
    await pause(lag_ms)
    if ((await real.play(operation)) === modelled) return undefined
  }
  return { server, model: modelled }
}

/** Brings the model's clock to the wall's, and waits while the age of an id is too near to the window's end. */
async function untilClear({ model, real, seen, start_ms }: Sides, operation: Operation): Promise<void> {
  const brief = real.idsOf(operation).filter(({ subject }) => subject.startsWith('brief.'))
  for (const { id } of brief) {
    const age_ms = performance.now() - (seen.get(id) ?? 0)
    if (Math.abs(age_ms - brief_ms) < unclear_ms) await pause(brief_ms + unclear_ms - age_ms)
  }
  const behind_ms = performance.now() - start_ms - model.env.monotonic_ms()
  if (behind_ms > 0) await model.env.advance(behind_ms)
  for (const { id } of brief) seen.set(id, performance.now())
}

async function unlikeLogs({ model, real, simulated }: Sides): Promise<Outcomes> {
  for (const { name } of streams) {
    const [server, modelled] = [await real.logOf(name), await model.during(simulated.logOf(name))]
    for (let index = 0; index < Math.max(server.length, modelled.length); index++)
      if (server[index] !== modelled[index])
        return { server: `${name}: ${server[index]}`, model: `${name}: ${modelled[index]}` }
  }
  return undefined
}

/** Leaves out pieces, large ones first, as long as a difference remains. */
async function shrunk(servers: Servers, unlike: Unlike, comparison: Comparison): Promise<Unlike> {
  let best = unlike
  let tries = 0
  const until_ms = performance.now() + shrink_ms
  const isPatient = () => tries < shrink_tries_max && performance.now() < until_ms
  for (let size = Math.ceil(best.operations.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = best.operations.length - size; from >= 0 && isPatient(); from -= size) {
      tries += 1
      const fewer = [...best.operations.slice(0, from), ...best.operations.slice(from + size)]
      best = (await play(servers, fewer, comparison)) ?? best
    }
  }
  return best
}

/** Text for people: what to repeat, and what differed. */
export function shown({ seed, replicas, operations, server, model }: Difference): string {
  return [
    `seed ${seed}, ${replicas === 1 ? 'one server' : 'a cluster of three'}: npm run simulate -- --differential --seed ${seed} --rounds 1`,
    ...operations.map((operation) => `  ${JSON.stringify(operation)}`),
    `  server: ${server}`,
    `  model:  ${model}`,
  ].join('\n')
}

export interface DifferentialOptions {
  readonly seed: number
  readonly rounds: number
  readonly print: (line: string) => void
}

/** Runs `rounds` seeds from `seed` on, on one server and on a cluster, and tells of each; resolves with the number of differences. */
export async function differential(options: DifferentialOptions): Promise<number> {
  return (await differencesOn(1, options)) + (await differencesOn(3, options))
}

async function differencesOn(replicas: 1 | 3, { seed, rounds, print }: DifferentialOptions): Promise<number> {
  const servers = await startServers(replicas)
  let differences = 0
  try {
    for (let round = seed; round < seed + rounds; round++) {
      const plan = { length: 60, waits: round % 4 === 0 ? 1 : 0, restarts: round % 5 === 0 ? 1 : 0 }
      const difference = await compare(servers, { seed: round, plan })
      if (difference) differences += 1
      print(difference ? shown(difference) : `seed ${round}, R${replicas}: alike`)
    }
  } finally {
    await servers.stop()
  }
  return differences
}
