// An engine that is stopped for a while, another that takes its shards meanwhile, and what the first says when it goes on.
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../persistence/embedded/free_port.ts'
import { pause } from '../pause.ts'
import { isReady, Stack, type StoreUrls } from '../stack.ts'
import { resumeAll, stopAll } from './outage/stopped.ts'
import { Probe } from './probe.ts'
import type { Relay } from './relay.ts'
import type { Scene } from './scene.ts'
import { type Told, Witness } from './witness.ts'

const pause_ms = 10_000
const ready_ms = 60_000
const serving_ms = 60_000
const leave_ms = 10_000
const stop_ms = 40_000
const look_ms = 50

export interface Stage {
  readonly scene: Scene
  readonly relay: Relay
  readonly stores: StoreUrls
  readonly workers: number
}

export interface Takeover {
  readonly taker: Stack
  readonly serving_ms: number
  /** What late commands and questions were answered with, by code; '' for a connection that was closed. */
  readonly late: readonly string[]
  readonly wrong: readonly string[]
}

const port = (url: string) => Number(new URL(url).port)

/** Stops `owner`, lets another engine take over, lets the first go on, and ends it once it was seen to stay passive. */
export async function takeOver(stage: Stage, owner: Stack, round: number): Promise<Takeover> {
  const { scene, relay } = stage
  const witness = new Witness(owner.url)
  const booking_id = await settleIn(scene, witness)
  // On a busy machine its other threads go on until the first has had its turn, and would still answer truly.
  await stopAll([owner.pid], { alone: true })
  const stopped_ms = performance.now()
  // They wait at the door of the one that stands still, and are the first that it hears when it goes on.
  const note = { note: 'Two cats.' }
  const asked = [
    witness.ask(scene.stranger, 'GET', `/api/v1/bookings/${booking_id}`),
    witness.ask(scene.stranger, 'POST', `/api/v1/bookings/${booking_id}/note`, note),
    witness.ask(scene.stranger, 'POST', `/api/v1/bookings/${booking_id}/cancel`, { reason: 'changed_mind' }),
  ]
  const taker = await startTaker(stage, round)
  try {
    relay.target_port = port(taker.url)
    const serving = await serves(scene, relay, stopped_ms)
    const wrong = [...serving.wrong, ...(await changeMind(scene, taker, booking_id))]
    await pause(Math.max(0, stopped_ms + pause_ms - performance.now()))
    resumeAll([owner.pid])
    const late = await Promise.all(asked)
    wrong.push(...late.flatMap(lieIn))
    wrong.push(...(await staysPassive(owner, taker, relay, witness)))
    return { taker, serving_ms: serving.ms, late: late.map(({ body }) => String(body.code ?? '')), wrong }
  } catch (cause) {
    await taker.kill9()
    throw cause
  } finally {
    witness.leave()
  }
}

/** The witness has a booking and an open socket at the first engine. */
async function settleIn({ stranger, prober }: Scene, witness: Witness): Promise<string> {
  await witness.listen(prober)
  const place = (latitude: number) => ({
    ...{ line1: '1 Jalan', line2: '', city: 'Ipoh', state: 'Perak', postal_code: '', country: 'Malaysia' },
    latitude,
    longitude: 101.08,
  })
  const { status, body } = await witness.ask(stranger, 'POST', '/api/v1/bookings', {
    pet_spec: { pet_type: 'cat', name: `Late ${Date.now()}`, weight_kg: 4, vaccinations: [] },
    pickup_address: place(4.6),
    dropoff_address: place(4.7),
    notes: '',
  })
  if (status !== 201) throw new Error(`the witness has no booking: ${status} ${JSON.stringify(body)}`)
  return String(body.id)
}

/** On the same stores and with the same keys, on another port and in a folder of its own. */
async function startTaker({ scene, stores, workers }: Stage, round: number): Promise<Stack> {
  const taker = new Stack(join(scene.dir, `taker-${round}`), await freePort(), { workers, stores })
  await mkdir(taker.data_dir, { recursive: true })
  for (const keys of ['signing-keys.json', 'personal-key'])
    await copyFile(join(scene.data_dir, keys), join(taker.data_dir, keys))
  taker.spawn()
  if (await taker.serves(ready_ms)) return taker
  await taker.kill9()
  throw new Error(`the second engine was not ready in ${ready_ms} ms`)
}

/** Until a command through the clients' door is durable and a list answered. */
async function serves({ prober }: Scene, { url }: Relay, stopped_ms: number) {
  const probe = new Probe(url, prober)
  while (!(await probe.serves())) {
    const ms = Math.round(performance.now() - stopped_ms)
    if (ms > serving_ms) return { ms, wrong: [`nothing was served ${ms} ms after the owner stood still`] }
    await pause(look_ms)
  }
  return { ms: Math.round(performance.now() - stopped_ms), wrong: [] }
}

/** At the new owner the booking is cancelled: whoever shows it as open after that tells of the past. */
async function changeMind({ stranger }: Scene, taker: Stack, id: string): Promise<string[]> {
  const there = new Witness(taker.url)
  const { status } = await there.ask(stranger, 'POST', `/api/v1/bookings/${id}/cancel`, {
    reason: 'changed_mind',
  })
  there.leave()
  return status === 200 ? [] : [`the new owner did not take the witness's command: ${status}`]
}

/** Sent elsewhere, told to come again, or left without an answer: anything else was decided by an owner that is none. */
export const lieIn = ({ status, body }: Told): readonly string[] =>
  status === 0 || (status === 503 && body.retry_after_ms !== undefined)
    ? []
    : [`the former owner answered ${status} ${JSON.stringify(body).slice(0, 200)}`]

/** The first one is not ready, lets everybody go and ends well, and the other one stays. */
async function staysPassive(owner: Stack, taker: Stack, relay: Relay, witness: Witness): Promise<string[]> {
  const until_ms = performance.now() + leave_ms
  const left = () => relay.countOf(port(owner.url)) === 0 && witness.socket_code !== undefined
  while (!left() && performance.now() < until_ms) await pause(look_ms)
  const wrong: string[] = []
  if (!left()) wrong.push(`${relay.countOf(port(owner.url))} clients stayed with the former owner`)
  await pause(2_000)
  if (await isReady(owner.url)) wrong.push('the former owner says that it is ready')
  if (!(await isReady(taker.url))) wrong.push('the new owner does not stay ready')
  const code = await owner.drain(stop_ms)
  if (code !== 0) wrong.push(`the former owner ended with ${code}`)
  if (!(await isReady(taker.url))) wrong.push('the new owner is not ready once the former one has ended')
  return wrong
}
