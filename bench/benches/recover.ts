import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemEnv } from '../../engine/system_env.ts'
import { migrate } from '../../persistence/migrate.ts'
import { connectNats } from '../../persistence/nats.ts'
import { ensureStreams } from '../../persistence/streams.ts'
import { startDatabase, startNats } from '../../persistence/testing.ts'
import { cpuSeconds } from '../cpu.ts'
import { HttpLine, requestOf } from '../load/http_line.ts'
import type { RecoverOrder, RecoverWord } from '../load/recover_child.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'
import { issuer, Stack } from '../stack.ts'
import { shards } from '../thread.ts'
import { Mint } from '../tokens.ts'

const program = fileURLToPath(new URL('../load/recover_child.js', import.meta.url))
const served_max_ms = 60_000
/** Of each client; the figures are no finer. */
const retry_ms = 20

/** Fills the stores in another process and kills that when all is on disk. Gives a runner of each shard. */
async function filled(order: RecoverOrder, note: (line: string) => void): Promise<readonly string[]> {
  const child = fork(program, { serialization: 'advanced' })
  const word = new Promise<readonly string[]>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the filling process ended with ${code}`)))
    child.on('message', (said: RecoverWord) => {
      if (said.type === 'note') note(`  ${said.line}`)
      if (said.type === 'filled') resolve(said.runner_ids)
      if (said.type === 'failed') reject(new Error(said.why))
    })
  })
  try {
    child.send(order)
    return await word
  } finally {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

/** Milliseconds from now until the engine has answered this durable command with 200. */
async function served(stack: Stack, request: Buffer): Promise<number> {
  const start = performance.now()
  while (performance.now() - start < served_max_ms) {
    const status = await HttpLine.open(stack.port).then(
      async (line) => {
        const answer = await line.send(request).catch(() => undefined)
        line.close()
        return answer?.status
      },
      () => undefined,
    )
    if (status === 200) return performance.now() - start
    if (!stack.is_alive) throw new Error(`the engine ended: see ${stack.dir}/engine.log`)
    await new Promise((resolve) => setTimeout(resolve, retry_ms))
  }
  throw new Error('the engine served no command in time')
}

async function run(options: Options) {
  const env = systemEnv('error')
  const sizes = {
    runners: options.size('runners', 100_000),
    trips: options.size('trips', 10_000),
    events: options.size('events', 200_000),
  }
  const workers = options.size('workers', 2)
  const nats = await startNats()
  const database = await startDatabase()
  let stack: Stack | undefined
  try {
    const link = await connectNats({ url: nats.url, name: 'bench', env })
    await ensureStreams(link, { shards, replicas: 1 })
    await link.close()
    await migrate(database.url, () => {})
    const order = { nats_url: nats.url, database_url: database.url, ...sizes }
    const runner_ids = await filled(order, options.note)
    const replay = new Replay()
    const stores = { nats_url: nats.url, nats_monitor_url: nats.monitor_url, database_url: database.url }
    stack = await Stack.create({
      workers,
      stores,
      log_level: 'info',
      onLine: (line) => replay.hear(line),
    })
    const times = await restarts(stack, runner_ids, replay, options)
    return resultOf(
      'recover',
      's',
      times.length,
      { ours: median(times.map(({ s }) => s)) },
      {
        counts: `from the start of the process to the first durable command answered over HTTP, of ${shards} clients that each keep asking for a runner of another shard; after kill -9, NATS and database up: ${sizes.runners} runners, ${sizes.trips} live trips, ${sizes.events} events after the last snapshot, ${workers} worker threads`,
        every_shard_served_s: median(times.map(({ last_s }) => last_s)),
        all_shards_ready_s: median(times.map(({ ready_s }) => ready_s)),
        engine_cpu_s: median(times.map(({ cpu_s }) => cpu_s)),
        bench_cpu_s: median(times.map(({ own_cpu_s }) => own_cpu_s)),
        replayed_events: median(times.map(({ replayed }) => replayed)),
      },
    )
  } finally {
    await stack?.kill9()
    await stack?.stop()
    await database.stop()
    await nats.stop()
  }
}

/** Adds up what the shards say that they replayed. */
class Replay {
  #events = 0

  hear(line: string): void {
    const said = /"replayed":(\d+)/.exec(line)
    if (said && /"what":"shard \d+ is open"/.test(line)) this.#events += Number(said[1])
  }

  take(): number {
    const events = this.#events
    this.#events = 0
    return events
  }
}

interface Restart {
  /** Until the first command was served, and until one of every shard was. */
  readonly s: number
  readonly last_s: number
  readonly ready_s: number
  /** Processor time of the engine, and of this process. */
  readonly cpu_s: number
  readonly own_cpu_s: number
  readonly replayed: number
}

async function restarts(
  stack: Stack,
  runner_ids: readonly string[],
  replay: Replay,
  { rounds, note }: Options,
): Promise<readonly Restart[]> {
  const mint = await Mint.open(stack.data_dir, issuer)
  const tokens = await Promise.all(runner_ids.map((id) => mint.token(id, 'runner')))
  const times: Restart[] = []
  for (let round = 0; round < rounds; round++) {
    const requests = tokens.map((token) =>
      requestOf('PUT', '/api/v1/runners/me', token, { vehicle_model: `Myvi ${round}` }),
    )
    const own = process.cpuUsage()
    const start = performance.now()
    stack.spawn()
    const waits = await Promise.all(requests.map((request) => served(stack, request)))
    await stack.ready()
    const ready_s = (performance.now() - start) / 1_000
    const cpu_s = cpuSeconds(stack.pid)
    const own_cpu_s = process.cpuUsage(own).user / 1e6
    await stack.kill9()
    const [s, last_s] = [Math.min(...waits) / 1_000, Math.max(...waits) / 1_000]
    const replayed = replay.take()
    times.push({ s, last_s, ready_s, cpu_s, own_cpu_s, replayed })
    note(
      `  first served after ${s.toFixed(2)} s, every shard after ${last_s.toFixed(2)} s (engine cpu ${cpu_s} s, bench cpu ${own_cpu_s.toFixed(2)} s), ${replayed} events replayed`,
    )
  }
  return times
}

export const recover: Bench = {
  name: 'recover',
  target: '< 5 s (stretch 2 s)',
  meets: ({ ours }) => ours < 5,
  run,
}
