// A whole run: every target in turn, an engine of its own for those that need one, and what is held true all along.
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { freePort } from '../../persistence/embedded/free_port.ts'
import type { Role } from '../../protocols/actor.ts'
import { playJourney } from '../demo/journey.ts'
import { onStage } from '../demo/stage.ts'
import { heapToldTo, livingMb } from '../drill/heap.ts'
import { residentMb } from '../drill/memory.ts'
import { issuer, Stack } from '../stack.ts'
import { Mint } from '../tokens.ts'
import {
  bodyTarget,
  frameTarget,
  messageTarget,
  recordTarget,
  sample_frames,
  stateTarget,
} from './codec_targets.ts'
import { decisionTarget } from './decision_target.ts'
import { httpTarget, rawTarget } from './http_target.ts'
import { tokenTarget, webhookTarget } from './identity_targets.ts'
import { playLittleWorld } from './little_world.ts'
import { openTap } from './recording.ts'
import { logTarget, snapshotTarget } from './recovery_targets.ts'
import { feedTarget, runnerSocketTarget, type SocketGround, upgradeTarget } from './socket_targets.ts'
import type { Failure, Fuzzed, Tried } from './target.ts'
import { EngineWatch, growthOf } from './watch.ts'

export interface CampaignOptions {
  readonly inputs: number
  readonly seed: number
  /** One target by name; all of them without it. */
  readonly only?: string
  /** Of a failure that is to be repeated; with `only`. */
  readonly path?: string
  /** No new batch after so long. */
  readonly minutes: number
  readonly note: (line: string) => void
}

export interface Campaign {
  readonly seed: number
  readonly tried: readonly Tried[]
  /** What else is wrong, in words. */
  readonly wrong: readonly string[]
  /** MiB after a collection, at a quarter of the inputs in this process and at their end. */
  readonly heap_mib: readonly [number, number]
  /** MiB that live in the engine's heaps, along the way. */
  readonly engine_mib: readonly number[]
}

const mib = (bytes: number) => Math.round((bytes / 1024 ** 2) * 10) / 10
const heap_growth_max_mib = 24
/** Each collection holds a thread up for a tenth of a second. */
const heap_told_ms = 3_000

/** Tries all inputs and tells what came of them. Rejects only when it could not be carried out. */
export async function campaign(options: CampaignOptions): Promise<Campaign> {
  const wrong: string[] = []
  const stray = (why: unknown) => void wrong.push(`an unhandled rejection: ${String(why)}`)
  process.on('unhandledRejection', stray)
  try {
    const { only = '' } = options
    const inside = only === '' || inside_names.has(only) ? await insideTargets() : []
    const outside = only === '' || !inside_names.has(only)
    const tried: Tried[] = []
    const whole = wholeOf(options)
    const heap = await tryInside(inside.filter(isAsked(only)), whole, tried)
    const engine_mib = outside ? await tryOutside(only, whole, tried, wrong) : []
    if (heap[1] - heap[0] > heap_growth_max_mib)
      wrong.push(`this process grew from ${heap[0]} to ${heap[1]} MiB`)
    return { seed: options.seed, tried, wrong, heap_mib: heap, engine_mib }
  } finally {
    process.off('unhandledRejection', stray)
  }
}

export const failuresOf = ({ tried }: Campaign): readonly (Failure & { readonly name: string })[] =>
  tried.flatMap(({ name, failures }) => failures.map((failure) => ({ name, ...failure })))

const isAsked = (only: string) => (target: Fuzzed) => only === '' || target.name === only

interface Whole extends CampaignOptions {
  readonly until_ms: number
  /** All shares. */
  readonly shares: number
}

/** Shares of the targets that need an engine. */
const outside_shares = 29
const inside_shares = 82

const wholeOf = (options: CampaignOptions): Whole => ({
  ...options,
  until_ms: performance.now() + options.minutes * 60_000,
  shares: inside_shares + outside_shares,
})

async function one(
  target: Fuzzed,
  { inputs, seed, only, path, until_ms, shares, note }: Whole,
): Promise<Tried> {
  const quota = only === undefined ? Math.ceil((inputs * target.share) / shares) : inputs
  let told_ms = performance.now()
  const progress = (tried: number) => {
    if (performance.now() - told_ms < 5_000) return
    told_ms = performance.now()
    note(`${target.name}: ${tried} of ${quota}`)
  }
  const done = await target.run({
    inputs: quota,
    seed,
    ...(path === undefined ? {} : { path }),
    until_ms,
    progress,
  })
  note(
    `${target.name}: ${done.tried} inputs in ${done.seconds.toFixed(1)} s, ${JSON.stringify(done.outcomes)}`,
  )
  return done
}

const inside_names: ReadonlySet<string> = new Set([
  'records',
  'states',
  'frames',
  'messages',
  'bodies',
  'decisions',
  'tokens',
  'webhooks',
  'logs',
  'snapshots',
])

/** Targets that need nothing but this process. */
export async function insideTargets(): Promise<readonly Fuzzed[]> {
  const log = await playLittleWorld()
  return [
    recordTarget(log),
    stateTarget(log),
    frameTarget(sample_frames),
    messageTarget(),
    bodyTarget(),
    decisionTarget(log),
    await tokenTarget(),
    webhookTarget(),
    await logTarget(log),
    await snapshotTarget(log),
  ]
}

function collectedHeap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return mib(process.memoryUsage().heapUsed)
}

/** Every target twice: after the first quarter everything is compiled and every bounded table is as full as it gets. */
async function tryInside(
  targets: readonly Fuzzed[],
  whole: Whole,
  tried: Tried[],
): Promise<readonly [number, number]> {
  if (whole.path === undefined)
    for (const target of targets)
      tried.push(await one(target, { ...whole, inputs: Math.ceil(whole.inputs / 4) }))
  const before = collectedHeap()
  const rest = whole.path === undefined ? Math.floor((whole.inputs * 3) / 4) : whole.inputs
  const seed = whole.path === undefined ? whole.seed + 100_000 : whole.seed
  for (const target of targets) tried.push(await one(target, { ...whole, inputs: rest, seed }))
  return [before, collectedHeap()]
}

async function tryOutside(
  only: string,
  whole: Whole,
  tried: Tried[],
  wrong: string[],
): Promise<readonly number[]> {
  const watch = new EngineWatch()
  const heap = join(tmpdir(), `kilat-fuzz-heap-${process.pid}`)
  const stack = await Stack.create({
    workers: 2,
    sts_port: await freePort(),
    env: heapToldTo(heap, heap_told_ms),
    onLine: (line) => watch.hear(line),
  })
  try {
    await stack.start()
    const ground = await groundOf(stack, whole.note)
    const targets = [
      httpTarget(ground),
      rawTarget(ground),
      runnerSocketTarget(ground),
      feedTarget(ground),
      upgradeTarget(ground),
    ]
    for (const target of targets.filter(isAsked(only))) tried.push(await one(target, whole))
    if (!stack.is_alive) wrong.push(`the engine ended: ${watch.last_lines.join('\n')}`)
    else if (!(await isReady(stack.port))) wrong.push('the engine is not ready any more')
    wrong.push(...watch.wrong)
    const living_mb = livingMb(heap, stack.pid).map(({ mb }) => Math.round(mb * 10) / 10)
    const growth = growthOf(living_mb, residentMb(stack.pid))
    if (growth !== undefined) wrong.push(growth)
    return living_mb
  } finally {
    await stack.stop()
    await rm(heap, { force: true })
  }
}

const isReady = (port: number) =>
  fetch(`http://127.0.0.1:${port}/readiness`).then(
    ({ ok }) => ok,
    () => false,
  )

/** Plays a journey through a tap, and mints tokens for those who took part. */
async function groundOf(stack: Stack, note: (line: string) => void): Promise<SocketGround> {
  const { port, endpoints, data_dir } = stack
  const tap = await openTap(port)
  const url = `http://127.0.0.1:${tap.port}`
  const place = { url, nats_url: endpoints.nats_url, sandbox_url: endpoints.stripe_url ?? '' }
  await onStage(place, () => undefined, playJourney)
  const { requests, frames } = tap.heard()
  await tap.close()
  note(`recorded ${requests.length} requests and ${frames.length} frames of a journey`)
  const ids = [
    ...new Set(
      requests.flatMap(({ path }) => path.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? []),
    ),
  ]
  const booking_id = requests.find(({ path }) => path.endsWith('/accept'))?.path.split('/')[4] ?? ''
  const view = await bookingOf(stack, booking_id)
  const mint = await Mint.open(data_dir, issuer)
  const token = (id: string, role: Exclude<Role, 'service'>) => mint.token(id, role)
  const owner_token = await token(view.owner_id, 'owner')
  const runner_tokens = [await token(view.runner_id, 'runner')]
  const others = await Promise.all((['admin', 'shop'] as const).map((role) => token(view.owner_id, role)))
  return {
    port,
    ids: [...ids, view.owner_id, view.runner_id],
    tokens: [owner_token, ...runner_tokens, ...others, 'no.token.atall'],
    recorded: requests,
    runner_tokens,
    owner_token,
    booking_id,
    frames: [...frames, ...sample_frames],
  }
}

async function bookingOf(
  stack: Stack,
  id: string,
): Promise<{ readonly owner_id: string; readonly runner_id: string }> {
  const mint = await Mint.open(stack.data_dir, issuer)
  const authorization = `Bearer ${await mint.token('00000000-0000-4000-8000-000000000001', 'admin')}`
  const answer = await fetch(`http://127.0.0.1:${stack.port}/api/v1/bookings/${id}`, {
    headers: { authorization },
  })
  const { data } = (await answer.json()) as { data: { owner_id: string; runner_id: string } }
  return data
}
