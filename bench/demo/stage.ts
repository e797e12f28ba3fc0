import type { Env } from '../../engine/env.ts'
import type { Policies } from '../../engine/ports.ts'
import { systemEnv } from '../../engine/system_env.ts'
import type { Emitter } from '../../gateways/client/emitter.ts'
import { connectNats } from '../../persistence/nats.ts'
import { openPolicies } from '../../persistence/policies.ts'
import { Narrator, type Print, Unexpected } from './narrator.ts'
import { type Heard, patience_ms, Topics } from './topics.ts'

/** Where a story is played: an engine, its public topics, and its policies. */
export interface Stage {
  /** Like `http://127.0.0.1:8080`. */
  readonly url: string
  readonly env: Env
  readonly told: Narrator
  readonly topics: Topics
  readonly policies: Policies
  /** Where the embedded payment sandbox is; '' where payments go elsewhere. */
  readonly sandbox_url: string
}

export interface Place {
  readonly url: string
  readonly nats_url: string
  readonly sandbox_url: string
}

/** Plays at a running engine, and leaves nothing open behind. */
export async function onStage<Result>(
  { url, nats_url, sandbox_url }: Place,
  print: Print,
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const env = systemEnv('error')
  const link = await connectNats({ url: nats_url, name: 'kilat-demo', env })
  try {
    const topics = await Topics.open(link, env)
    try {
      return await play({
        url,
        env,
        told: new Narrator(print),
        topics,
        policies: openPolicies(link),
        sandbox_url,
      })
    } finally {
      await topics.close()
    }
  } finally {
    await link.close()
  }
}

/** Waits for the events that a step should lead to, and tells them. */
export async function heard(
  { told, topics }: Stage,
  booking_id: string,
  ...types: readonly string[]
): Promise<readonly Heard[]> {
  const found: Heard[] = []
  for (const type of types) {
    const event = await topics.next(booking_id, type)
    told.say('event', `${type.padEnd(28)} on ${event.on}`)
    found.push(event)
  }
  return found
}

/** The next event of a client that passes. Rejects with `Unexpected` when none comes in time. */
export function awaited<Events extends object, Name extends keyof Events>(
  { env }: Stage,
  emitter: Emitter<Events>,
  name: Name & string,
  passes: (value: Events[Name]) => boolean = () => true,
): Promise<Events[Name]> {
  const promise = new Promise<Events[Name]>((resolve, reject) => {
    const cancel = env.after(patience_ms, () => {
      end()
      reject(new Unexpected(`no '${name}' came within ${patience_ms / 1_000} s`))
    })
    const end = emitter.on(name, (value) => {
      if (!passes(value)) return
      cancel()
      end()
      resolve(value)
    })
  })
  // Whoever asked may be busy when it fails: he hears of it when he waits.
  promise.catch(() => {})
  return promise
}
