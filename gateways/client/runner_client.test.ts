import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemEnv } from '../../engine/system_env.ts'
import { limits } from '../../protocols/limits.ts'
import { overloaded, reject } from '../../protocols/rejections.ts'
import { booking_id, owner, runner, startSockets, type TestServer, tokenFor } from '../ws/testing.ts'
import type { ClientEnv } from './link.ts'
import { Refused, Unanswered } from './pending_commands.ts'
import { RunnerClient, type RunnerClientEvents } from './runner_client.ts'
import { nodeSockets, type SocketFactory } from './sockets.ts'

/** Real timers, but nobody waits long: chance is 0, so every jitter ends at once. */
const env: ClientEnv = { ...systemEnv('error'), random: () => 0 }
const fix = (at_ms: number) => ({ latitude: 1.5, longitude: 103.7, at_ms })

let server: TestServer
let client: RunnerClient
beforeEach(async () => {
  server = await startSockets()
  client = clientOf(async () => tokenFor(runner))
})
afterEach(async () => {
  client.close()
  await server.stop()
})

const clientOf = (token: (fresh: boolean) => Promise<string>, sockets: SocketFactory = nodeSockets()) =>
  new RunnerClient({ base_url: server.ws_url, token, env, sockets })
const next = <Name extends keyof RunnerClientEvents>(name: Name) =>
  new Promise<RunnerClientEvents[Name]>((resolve) => {
    const end = client.events.on(name, (value) => {
      end()
      resolve(value)
    })
  })
const seqs = () =>
  server.host.signals.flatMap(({ signal }) => ('fixes' in signal ? (signal.fixes as { seq: number }[]) : []))
const lanes = () => server.host.signals.map(({ signal }) => ('lane' in signal ? signal.lane : ''))

test('CL1 a reported fix is sent live and forgotten once it is acked', async () => {
  await client.connect()
  const acked = next('acked')
  expect(client.report(fix(1))).toBe(1)
  expect(await acked).toEqual({ count: 1, ranges: [[1, 1]] })
  expect(client.counts).toEqual({ reported: 1, acked: 1, refused: 0, dropped: 0, waiting: 0 })
  expect(lanes()).toEqual(['live'])
})

test('CL2 what was not acked when the connection broke is sent again as backlog, the newest place first and live', async () => {
  await client.connect()
  server.host.hold = true
  const now_ms = Date.now()
  for (let at = 0; at < 250; at++) client.report(fix(now_ms + at))
  await server.host.until(() => server.host.signals.length === 250)
  const lost = next('lost')
  client.cut()
  await lost
  server.host.hold = false
  server.host.signals.length = 0
  await client.drained()
  expect(client.counts).toMatchObject({ acked: 250, waiting: 0 })
  expect(lanes()).toEqual(['live', 'backlog', 'backlog', 'backlog'])
  expect(seqs()[0]).toMatchObject({ seq: 250 })
})

test('CL3 fixes that were reported without a connection go out when there is one', async () => {
  client.report(fix(1))
  client.reportBacklog([fix(2), fix(3)])
  await client.connect()
  await client.drained()
  expect(seqs().map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(lanes()).toEqual(['backlog'])
})

test('CL4 the oldest fix makes room when too many wait, and is reported', async () => {
  const dropped: number[] = []
  client.events.on('dropped', ({ seq }) => dropped.push(seq))
  for (let at = 0; at < limits.client_backlog_fixes_max + 2; at++) client.report(fix(at))
  expect(dropped).toEqual([1, 2])
  expect(client.counts).toMatchObject({ dropped: 2, waiting: limits.client_backlog_fixes_max })
  await client.connect()
  await client.drained()
  const { reported, acked, dropped: lost } = client.counts
  expect(reported).toBe(acked + lost)
})

test('CL5 fixes that are refused for good are forgotten and reported; those that may pass are tried again', async () => {
  await client.connect()
  server.host.refuse = reject('runner.not_online', '')
  const refused = next('refused')
  client.report(fix(1))
  expect(await refused).toMatchObject({ count: 1, problem: { code: 'runner.not_online' } })
  server.host.refuse = overloaded('full', 1)
  client.report(fix(2))
  await server.host.until(() => server.host.signals.length >= 4)
  server.host.refuse = undefined
  await client.drained()
  expect(client.counts).toMatchObject({ acked: 1, refused: 1, waiting: 0 })
})

test('CL6 a command resolves with the view, or rejects with the problem', async () => {
  server.host.views.set(`booking/${booking_id}`, { id: booking_id, owner_id: owner.id, status: 'requested' })
  await client.connect()
  const command = { type: 'booking.accept', booking_id } as const
  expect(await client.command(command)).toMatchObject({ status: 'accepted', runner_id: runner.id })
  const error = await client.command(command).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Refused)
  expect((error as Refused).problem).toMatchObject({ code: 'booking.lost_race', status: 409 })
})

test('CL7 a command without an answer is sent again after a reconnect, and carried out once', async () => {
  server.host.views.set(`booking/${booking_id}`, { id: booking_id, owner_id: owner.id, status: 'requested' })
  const held: (() => void)[] = []
  const submit = server.host.submit.bind(server.host)
  server.host.submit = async (envelope) => {
    const answer = submit(envelope)
    if (server.host.envelopes.length === 1) await new Promise<void>((resolve) => held.push(resolve))
    return answer
  }
  await client.connect()
  const answer = client.command({ type: 'booking.accept', booking_id })
  await server.host.until(() => server.host.envelopes.length === 1)
  client.cut()
  expect(await answer).toMatchObject({ status: 'accepted' })
  expect(server.host.envelopes.length).toBe(2)
  expect(server.host.envelopes[0]?.id).toBe(server.host.envelopes[1]?.id)
  for (const release of held) release()
})

test('CL8 a command that may pass is tried again with the same id, a bounded number of times', async () => {
  await client.connect()
  server.host.submit = async (envelope) => {
    server.host.envelopes.push(envelope)
    return { ok: false, rejection: overloaded('full', 1) }
  }
  const error = await client.command({ type: 'runner.go_offline' }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Refused)
  expect(new Set(server.host.envelopes.map(({ id }) => id)).size).toBe(1)
  expect(server.host.envelopes.length).toBe(limits.client_retries_max + 1)
})

test('CL9 closing rejects the commands that wait', async () => {
  await client.connect()
  server.host.submit = () => new Promise(() => {})
  const answer = client.command({ type: 'runner.go_offline' }).catch((reason: unknown) => reason)
  const ended = next('ended')
  client.close()
  await ended
  expect(await answer).toBeInstanceOf(Unanswered)
})

test('CL10 a refused token is replaced by a fresh one; a refusal for good ends the client', async () => {
  const asked: boolean[] = []
  client = clientOf(async (fresh) => {
    asked.push(fresh)
    return fresh ? tokenFor(runner) : 'rubbish'
  })
  await client.connect()
  expect(asked).toEqual([false, true])
  const wrong = clientOf(async () => tokenFor(owner))
  await expect(wrong.connect()).rejects.toThrow('HTTP 403')
})

test('CL11 a token that is about to end is renewed on the open connection', async () => {
  const later = Date.now() + 9_000_000
  const tokens = [tokenFor(runner, Date.now() + limits.token_warning_ms / 2), tokenFor(runner, later)]
  client = clientOf(async (fresh) => tokens[fresh ? 1 : 0] ?? '')
  await client.connect()
  const expires = await new Promise<number>((resolve) => {
    client.events.on('renewed', ({ expires_ms }) => resolve(expires_ms))
  })
  expect(expires).toBe(later)
  expect(client.connected).toBe(true)
})

test('CL12 reconnects wait at random under a bound that doubles up to the longest', async () => {
  const waits: number[] = []
  const sockets: SocketFactory = (_url, events) => {
    queueMicrotask(() => events.closed(1006, 0))
    return { send: () => false, close: () => {}, terminate: () => {} }
  }
  const enough = new Promise<void>((resolve) => {
    const stepped: ClientEnv = {
      ...env,
      random: () => 1,
      after: (ms, call) => {
        waits.push(ms)
        if (waits.length < 10) queueMicrotask(call)
        else resolve()
        return () => {}
      },
    }
    client = new RunnerClient({ base_url: server.ws_url, token: async () => 't', env: stepped, sockets })
    client.connect().catch(() => {})
  })
  await enough
  const { client_reconnect_first_ms: first, client_reconnect_max_ms: longest } = limits
  expect(waits).toEqual(waits.map((_, attempt) => Math.min(longest, first * 2 ** attempt)))
  expect(waits.at(-1)).toBe(longest)
})
