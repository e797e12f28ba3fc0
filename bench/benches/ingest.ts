import { systemEnv } from '../../engine/system_env.ts'
import { askJetStream, connectNats, type NatsLink } from '../../persistence/nats.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { cpuSeconds } from '../cpu.ts'
import { enlist, people, standing, tripsOf } from '../load/fleet.ts'
import type { PingCounts } from '../load/pinger.ts'
import { PingerProcess } from '../load/pinger_process.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'
import { issuer, type Stack, startStack } from '../stack.ts'
import { Mint } from '../tokens.ts'

/** What the rate filter lets a runner send at once; between rounds it fills again. */
const fixes_per_round = firstPolicy.fixes_burst - 2
const refill_ms = (firstPolicy.fixes_burst / firstPolicy.fixes_per_s) * 1_000
/** Fewer let the engine rest, and with all at once its loop comes late to some and asks them to come again. */
const window_fixes = 4_000
const topic_wait_max_ms = 30_000

interface Round {
  /** From the first ping to the moment when the last was acked and the topic held them all. */
  readonly per_s: number
  readonly acked_per_s: number
}

/** Messages that the runners' topic holds. */
async function onTopic(link: NatsLink): Promise<number> {
  const info = await askJetStream<{ state: { messages: number } }>(link, 'STREAM.INFO.RUNNER_EVENTS', {})
  return info.state?.messages ?? 0
}

async function reached(link: NatsLink, count: number): Promise<number> {
  const until_ms = performance.now() + topic_wait_max_ms
  for (;;) {
    const now = await onTopic(link)
    if (now >= count || performance.now() > until_ms) return now
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function oneRound(
  pinger: PingerProcess,
  link: NatsLink,
  before: PingCounts,
): Promise<{ counts: PingCounts; missing: number; round: Round }> {
  const topic_before = await onTopic(link)
  const start = performance.now()
  const { ms, counts } = await pinger.tell({ type: 'round', fixes: fixes_per_round })
  const acked = counts.acked - before.acked
  const on_topic = (await reached(link, topic_before + acked)) - topic_before
  const whole_ms = performance.now() - start
  const per_s = (Math.min(acked, on_topic) * 1_000) / whole_ms
  return {
    counts,
    missing: Math.max(0, acked - on_topic),
    round: { per_s, acked_per_s: (acked * 1_000) / ms },
  }
}

async function prepare(stack: Stack, pinger: PingerProcess, options: Options): Promise<PingCounts> {
  const runners = options.size('runners', 5_000)
  const mint = await Mint.open(stack.data_dir, issuer)
  const fleet = standing(await people(mint, 'runner', runners))
  const owners = await people(mint, 'owner', Math.ceil(runners / 10))
  await enlist(stack.port, fleet)
  const trips = await tripsOf(stack.port, owners, fleet)
  options.note(`  ${runners} runners are online, ${trips.length} of them on a trip`)
  const window = options.size('window', window_fixes)
  const { counts } = await pinger.tell({ type: 'open', port: stack.port, runners: fleet, trips, window })
  return counts
}

async function run(options: Options) {
  const workers = options.size('workers', 1)
  const runners = options.size('runners', 5_000)
  const stack = await startStack({ workers })
  const pinger = new PingerProcess()
  const link = await connectNats({
    url: stack.endpoints.nats_url,
    name: 'bench',
    env: systemEnv('error'),
  })
  try {
    let counts = await prepare(stack, pinger, options)
    const cpu = { engine: cpuSeconds(stack.pid), generator: cpuSeconds(pinger.pid) }
    const rounds: Round[] = []
    let missing = 0
    for (let round = 0; round <= options.rounds; round++) {
      const done = await oneRound(pinger, link, counts)
      counts = done.counts
      missing += done.missing
      options.note(
        `  ${Math.round(done.round.per_s)} pings/s (acked ${Math.round(done.round.acked_per_s)}/s)`,
      )
      if (round > 0) rounds.push(done.round)
      if (round < options.rounds) await new Promise((resolve) => setTimeout(resolve, refill_ms))
    }
    await pinger.tell({ type: 'close' })
    const pings = counts.acked
    return resultOf(
      'ingest',
      'pings/s',
      rounds.length,
      { ours: median(rounds.map(({ per_s }) => per_s)) },
      {
        counts: `pings acked to their devices and held by RUNNER_EVENTS; ${runners} runner sockets, a tenth on a trip with a watching owner and journaled waypoints, ${fixes_per_round} fixes each a round (the rate filter's burst), one of each device after the other, at most ${options.size('window', window_fixes)} unanswered at once, ${workers} worker threads`,
        acked_per_s: median(rounds.map(({ acked_per_s }) => acked_per_s)),
        not_on_topic: missing,
        engine_cpu_us_per_ping: ((cpuSeconds(stack.pid) - cpu.engine) * 1e6) / pings,
        generator_cpu_us_per_ping: ((cpuSeconds(pinger.pid) - cpu.generator) * 1e6) / pings,
        ...counts,
      },
    )
  } finally {
    await pinger.stop()
    await link.close()
    await stack.stop()
  }
}

export const ingest: Bench = {
  name: 'ingest',
  target: '>= 20,000 pings/s',
  meets: ({ ours, extra }) =>
    ours >= 20_000 && extra.not_on_topic === 0 && extra.refused === 0 && extra.closed === 0,
  run,
}
