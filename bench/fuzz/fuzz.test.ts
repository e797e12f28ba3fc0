import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import { startHttp, type TestHttp } from '../../gateways/http/testing.ts'
import {
  booking_id,
  owner,
  runner,
  startSockets,
  type TestServer,
  tokenFor,
} from '../../gateways/ws/testing.ts'
import { insideTargets } from './campaign.ts'
import { sample_frames } from './codec_targets.ts'
import { type Ground, httpTarget, rawTarget } from './http_target.ts'
import { feedTarget, runnerSocketTarget, type SocketGround, upgradeTarget } from './socket_targets.ts'
import { type Fuzzed, fuzzed, type Tried } from './target.ts'

const seed = 20_261_123
const run = (target: Fuzzed, inputs: number): Promise<Tried> =>
  target.run({ inputs, seed, until_ms: performance.now() + 50_000 })

/** Outcomes are looked at too: inputs that are all turned away at the first check show nothing. */
function insistGood(
  { failures, outcomes, tried }: Tried,
  inputs: number,
  ...wanted: readonly string[]
): void {
  expect(failures).toEqual([])
  expect(tried).toBeGreaterThanOrEqual(inputs)
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining([...wanted]))
}

const wanted: Readonly<Record<string, readonly [inputs: number, ...string[]]>> = {
  records: [4_000, 'read', 'refused'],
  states: [2_000, 'read', 'refused'],
  frames: [4_000, 'malformed', 'fixes', 'command', 'ping', 'token'],
  messages: [3_000, 'taken', 'refused'],
  bodies: [3_000, 'taken', 'refused'],
  decisions: [3_000, 'decided', 'already so', 'rejected'],
  tokens: [1_000, 'believed', 'auth.invalid_token'],
  webhooks: [2_000, 'told', 'payment.signature', 'none of ours', 'request.malformed'],
  logs: [300, 'fault', 'as it was'],
  snapshots: [300, 'as it was'],
}

test('FZ4 what is read in this process is understood or refused, whatever it is', async () => {
  const targets = await insideTargets()
  expect(targets.map(({ name }) => name)).toEqual(Object.keys(wanted))
  for (const target of targets) {
    const [inputs, ...outcomes] = wanted[target.name] ?? [0]
    insistGood(await run(target, inputs), inputs, ...outcomes)
  }
}, 180_000)

let http: TestHttp
let sockets: TestServer
beforeAll(async () => {
  ;[http, sockets] = await Promise.all([startHttp(behaviours), startSockets()])
})
afterAll(async () => {
  http?.stop()
  await sockets?.stop()
})

const portOf = (origin: string) => Number(new URL(origin).port)

test('FZ5 every route answers random and mutated requests with what is documented', async () => {
  const roles = ['owner', 'runner', 'admin', 'shop'] as const
  const tokens = await Promise.all(roles.map((role) => http.tokenFor({ id: owner.id, role })))
  const order = {
    path: '/api/v1/bookings',
    method: 'POST',
    query: '',
    body: '{"pet_spec":{"pet_type":"cat","name":"Comel"}}',
  }
  const ground: Ground = { port: portOf(http.origin), tokens, ids: [owner.id, booking_id], recorded: [order] }
  insistGood(await run(httpTarget(ground), 2_000), 2_000, '200', '400', '401', '403', '404')
  insistGood(await run(rawTarget(ground), 500), 500, 'closed')
}, 180_000)

test('FZ5 every socket answers random and mutated frames, or closes with a documented code', async () => {
  sockets.host.views.set(`booking/${booking_id}`, { id: booking_id, owner_id: owner.id, status: 'requested' })
  const ground: SocketGround = {
    port: portOf(sockets.http_url),
    tokens: [tokenFor(owner)],
    ids: [booking_id],
    recorded: [],
    runner_tokens: [tokenFor(runner)],
    owner_token: tokenFor(owner),
    booking_id,
    frames: sample_frames,
  }
  insistGood(await run(runnerSocketTarget(ground), 2_000), 2_000, 'answered')
  insistGood(await run(feedTarget(ground), 1_000), 1_000, 'answered')
  insistGood(await run(upgradeTarget(ground), 500), 500, '101', '401')
  expect(sockets.host.signals.length).toBeGreaterThan(1)
}, 180_000)

test('FZ7 a failing input is made small, and its seed and path make it again', async () => {
  const attempted: (readonly number[])[] = []
  const target = fuzzed<number>({
    name: 'planted',
    share: 1,
    batch: 64,
    input: fc.nat(10_000),
    attempt(inputs) {
      attempted.push(inputs)
      if (inputs.some((input) => input > 777)) throw new Error('above 777')
    },
  })
  const { failures } = await run(target, 1_000)
  const [first] = failures
  expect(first?.input).toBe('[778]')
  attempted.length = 0
  const again = await target.run({
    inputs: 1,
    seed: first?.seed ?? 0,
    path: first?.path ?? '',
    until_ms: Number.MAX_VALUE,
  })
  expect(again.failures[0]?.input).toBe('[778]')
  // At once, and not by looking for it once more.
  expect(attempted[0]).toEqual([778])
})
