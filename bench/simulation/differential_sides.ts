/** The two sides that the differential fuzzer compares: real servers, and the model on its stepped clock. */
import { setTimeout as pause } from 'node:timers/promises'
import { SteppedEnv } from '../../engine/clock.ts'
import { systemEnv } from '../../engine/system_env.ts'
import { askJetStream, connectNats, type Link, type NatsLink } from '../../persistence/nats.ts'
import { startCluster, startNats } from '../../persistence/testing.ts'
import { streams } from './differential_operations.ts'
import { calm, SimJetStream } from './jetstream.ts'

export interface Servers {
  readonly replicas: number
  readonly link: NatsLink
  /** Kills and starts again: the one server, or the one that leads EV0. Gives the streams whose leader went. */
  restart(): Promise<readonly string[]>
  stop(): Promise<void>
}

interface Info {
  readonly cluster?: {
    readonly leader?: string
    readonly replicas?: readonly { readonly current: boolean }[]
  }
  readonly config?: object
}

const patience_ms = 30_000
const look_ms = 20
const env = systemEnv('error')

/** One server, or three that are one cluster. */
export async function startServers(replicas: 1 | 3): Promise<Servers> {
  if (replicas === 3) return clustered()
  const server = await startNats()
  const link = await connectNats({ url: server.url, name: 'differential', env })
  return {
    replicas,
    link,
    async restart() {
      await server.restart()
      await settled(link, replicas)
      return streams.map(({ name }) => name)
    },
    async stop() {
      await link.close()
      await server.stop()
    },
  }
}

async function clustered(): Promise<Servers> {
  const cluster = await startCluster()
  const link = await connectNats({ url: cluster.url, name: 'differential', env })
  return {
    replicas: 3,
    link,
    async restart() {
      const before = await leadersOf(link)
      const victim = before.get('EV0') ?? ''
      await cluster.servers.get(victim)?.kill()
      await settled(link, 3, victim)
      await cluster.servers.get(victim)?.restart()
      await settled(link, 3)
      return [...before].filter(([, leader]) => leader === victim).map(([name]) => name)
    },
    async stop() {
      await link.close()
      await cluster.stop()
    },
  }
}

const infoOf = (link: Link, name: string): Promise<Info> =>
  askJetStream<Info>(link, `STREAM.INFO.${name}`, {}).catch(() => ({}))

async function leadersOf(link: Link): Promise<ReadonlyMap<string, string>> {
  const leaders = new Map<string, string>()
  for (const { name } of streams) leaders.set(name, (await infoOf(link, name)).cluster?.leader ?? '')
  return leaders
}

/** Until each stream is led, and by another one than the server that was killed; all replicas follow when none is missing. */
async function settled(link: Link, replicas: number, killed?: string): Promise<void> {
  const until_ms = performance.now() + patience_ms
  const isSettled = ({ config, cluster }: Info) => {
    if (!config || replicas === 1) return config !== undefined
    if (!cluster?.leader || cluster.leader === killed) return false
    return killed !== undefined || (cluster.replicas ?? []).every(({ current }) => current)
  }
  for (const { name } of streams)
    while (!isSettled(await infoOf(link, name))) {
      if (performance.now() > until_ms) throw new Error(`the stream ${name} has no leader`)
      await pause(look_ms)
    }
}

/** Empty streams. */
export async function freshStreams({ link, replicas }: Servers): Promise<void> {
  for (const { name } of streams) await askJetStream(link, `STREAM.DELETE.${name}`, {})
  for (const stream of streams) await made(link, stream, replicas)
  await settled(link, replicas)
}

/** The server removes the files of a deleted stream behind its answer; until then it may fail to make their successors. */
const not_yet = 'error creating store for stream'

async function made(link: Link, stream: { readonly name: string }, replicas: number): Promise<void> {
  for (const until_ms = performance.now() + patience_ms; ; await pause(look_ms)) {
    const { error } = await askJetStream(link, `STREAM.CREATE.${stream.name}`, {
      ...stream,
      num_replicas: replicas,
    })
    if (!error) return
    if (error.description !== not_yet || performance.now() > until_ms)
      throw new Error(`the stream ${stream.name} was refused: ${error.description}`)
  }
}

export interface Model {
  readonly env: SteppedEnv
  readonly nats: SimJetStream
  readonly link: Link
  /** Lets time go by until a promise has ended. */
  during<Result>(promise: Promise<Result>): Promise<Result>
  restart(leaderless: readonly string[]): Promise<void>
}

/** The model of such servers, with the same empty streams. */
export async function startModel(replicas: number): Promise<Model> {
  const env = new SteppedEnv({ start_ms: Date.now() })
  const nats = new SimJetStream({ env, weather: calm(env) })
  const link = nats.connect('differential', env)
  async function during<Result>(promise: Promise<Result>): Promise<Result> {
    let ended = false
    const end = () => {
      ended = true
    }
    promise.then(end, end)
    await env.settle()
    while (!ended) await env.advance(1)
    return promise
  }
  for (const stream of streams) await during(made(link, stream, replicas))
  const restart = async (leaderless: readonly string[]) => {
    if (replicas > 1) nats.loseLeader(0, 1, leaderless)
    else {
      nats.crash()
      nats.start()
    }
    await env.advance(5_000)
  }
  return { env, nats, link, during, restart }
}
