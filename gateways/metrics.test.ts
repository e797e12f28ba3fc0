import { afterEach, expect, test } from 'vitest'
import { behaviours } from '../actors/behaviours.ts'
import { SteppedEnv } from '../engine/clock.ts'
import { MemoryTopics } from '../engine/memory_topics.ts'
import { reject } from '../protocols/rejections.ts'
import { startHttp, type TestHttp, test_config } from './http/testing.ts'
import {
  exposition,
  type Gauges,
  type Measured,
  measure,
  measuredHost,
  measuredTopics,
  openTally,
  ownMemory,
} from './metrics.ts'
import { type ScrapeOrder, Scraper, Scrapes, type ScrapeWord } from './scrapes.ts'

const gauges = (depth: number): Gauges => ({
  engine: {
    mailbox_depth: depth,
    gate_waiting: 0,
    outbox_pending: 0,
    resident_actors: 0,
    projection_lag_frames: 0,
    topic_lag_frames: 0,
    event_loop_delay_seconds: depth / 1_000,
  },
  sockets: { runner: 2, tracking: 1 },
  topics: { reports_dropped: 3, events_published: 4 },
  thread: depth,
  memory: { used: 1_000 * depth },
})
const scrape = (...measured: readonly Measured[]) => exposition(measured)

let http: TestHttp | undefined
afterEach(() => http?.stop())

test('OB13 requests are timed by route and status, never by path', async () => {
  const meters = openTally()
  http = await startHttp(behaviours, { meters })
  const token = await http.tokenFor({ id: 'aaaaaaaa-1111-4111-8111-111111111111', role: 'owner' })
  await http.call('GET', '/health')
  await http.call('GET', '/api/v1/bookings/77777777-7777-4777-8777-777777777777', { token })
  await http.call('GET', '/api/v1/bookings/88888888-8888-4888-8888-888888888888', { token })
  await http.call('GET', '/nothing')
  const text = await scrape(measure(meters, gauges(0)))
  const counts = text.split('\n').filter((line) => line.startsWith('kilat_http_request_seconds_count'))
  expect(counts.sort()).toEqual([
    'kilat_http_request_seconds_count{method="GET",route="/api/v1/bookings/:id",status="404"} 2',
    'kilat_http_request_seconds_count{method="GET",route="/health",status="200"} 1',
    'kilat_http_request_seconds_count{method="other",route="other",status="404"} 1',
  ])
})

test('OB14 fixes are counted by what became of them, and reports by whether they were taken', async () => {
  const meters = openTally()
  const topics = measuredTopics(new MemoryTopics(), meters)
  const from = { actor: 'runner', id: 'r' }
  const report = (type: string, data: object) => topics.report({ from, type, key: type, at_ms: 0, data })
  report('runner.location_update', {})
  report('runner.location_update', {})
  report('runner.location_rejected', { reason: 'jump' })
  http = await startHttp(behaviours)
  const { host: inner } = http
  inner.signal = (_note, done) => done(reject('runner.not_online', ''))
  const host = measuredHost(inner, meters)
  const signal = { type: 'runner.moved', fixes: [1, 2, 3] }
  host.signal({ to: from, signal, by: { id: 'r', role: 'runner' } }, () => {})
  const text = await scrape(measure(meters, gauges(0)))
  expect(text).toContain('kilat_fixes_total{outcome="accepted"} 2')
  expect(text).toContain('kilat_fixes_total{outcome="jump"} 1')
  expect(text).toContain('kilat_fixes_total{outcome="runner.not_online"} 3')
  expect(text).toContain('kilat_reports_total{type="runner.location_update",outcome="taken"} 2')
})

test('OB15 a thread tells what its heap holds, has taken, and keeps outside', () => {
  const before = ownMemory()
  const kept = Array.from({ length: 200_000 }, (_, index) => ({ index }))
  const after = ownMemory()
  expect(after.used ?? 0).toBeGreaterThan((before.used ?? 0) + 1_000_000)
  expect(after.taken ?? 0).toBeGreaterThanOrEqual(after.used ?? 0)
  expect(after.external ?? -1).toBeGreaterThanOrEqual(0)
  expect(kept).toHaveLength(200_000)
})

/** A main thread and its workers, without threads. */
function crew(tallies: readonly ReturnType<typeof openTally>[], silent = -1) {
  const env = new SteppedEnv()
  const told: ScrapeWord[] = []
  const scrapers: Scraper[] = []
  const scrapes = new Scrapes({
    env,
    workers: tallies.length,
    send: (thread, order: ScrapeOrder) => {
      if (order.type !== 'measure' || thread !== silent) scrapers[thread]?.hear(order)
    },
    own: async () => [],
  })
  for (const [thread, tally] of tallies.entries())
    scrapers.push(
      new Scraper(
        (word) => {
          told.push(word)
          scrapes.hear(thread, word)
        },
        () => measure(tally, gauges(thread + 1)),
      ),
    )
  return { env, scrapers, told }
}

test('OB15 the numbers of all threads are added up, and the worst one taken where that says more', async () => {
  const tallies = [openTally(), openTally()]
  tallies[0]?.count('commands_total', 2, 'booking.accept', 'done')
  tallies[1]?.count('commands_total', 3, 'booking.accept', 'done')
  tallies[1]?.observe('frame_append_seconds', 0.003)
  const text = (await crew(tallies).scrapers[1]?.text()) ?? ''
  expect(text).toContain('kilat_commands_total{type="booking.accept",outcome="done"} 5')
  expect(text).toContain('kilat_frame_append_seconds_bucket{le="0.004"} 1')
  expect(text).toContain('kilat_mailbox_depth 3')
  expect(text).toContain('kilat_event_loop_delay_seconds 0.002')
  expect(text).toContain('kilat_sockets_open{kind="runner"} 4')
  expect(text).toContain('kilat_worker_memory_bytes{thread="1",state="used"} 1000')
  expect(text).toContain('kilat_worker_memory_bytes{thread="2",state="used"} 2000')
  expect(text).toContain('kilat_topic_reports{state="dropped"} 6')
  expect(text).toContain('# TYPE kilat_frame_append_seconds histogram')
})

test('OB15 a thread that does not answer is left out, and those who ask at once share one answer', async () => {
  const { env, scrapers, told } = crew([openTally(), openTally()], 1)
  const texts = [scrapers[0]?.text(), scrapers[0]?.text()]
  await env.advance(1_000)
  const [one, other] = await Promise.all(texts)
  expect(one).toContain('kilat_mailbox_depth 1')
  expect(other).toBe(one)
  expect(told.filter(({ type }) => type === 'scrape')).toHaveLength(1)
})

test('OB15 the process tells of itself', async () => {
  const { openProcessMetrics } = await import('./metrics.ts')
  expect(await scrape(await openProcessMetrics()())).toContain('process_resident_memory_bytes')
})

test('OB16 this machine may ask for the numbers, but nobody whom a proxy on it speaks for', async () => {
  http = await startHttp([], {
    metrics: async () => 'kilat_up 1\n',
    config: { ...test_config, trusted_addresses: ['127.0.0.1'] },
  })
  const response = await http.call('GET', '/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(response.text).toBe('kilat_up 1\n')
  for (const [name, value] of [
    ['x-forwarded-for', '203.0.113.9'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['forwarded', 'for=127.0.0.1'],
    ['x-real-ip', '127.0.0.1'],
    ['via', '1.1 front'],
  ] as const) {
    const passed_on = await http.call('GET', '/metrics', { headers: { [name]: value } })
    expect([name, passed_on.status, passed_on.body.code]).toEqual([name, 401, 'auth.missing_token'])
    const guessed = await http.call('GET', '/metrics', { headers: { [name]: value }, token: 'undefined' })
    expect([name, guessed.status]).toEqual([name, 401])
  }
})

test('OB16 where there is a token everybody shows it, this machine and a proxy too', async () => {
  const metrics_token = 'a-token-of-sixteen'
  http = await startHttp([], {
    metrics: async () => 'kilat_up 1\n',
    config: { ...test_config, metrics_token },
  })
  const headers = { 'x-forwarded-for': '203.0.113.9' }
  expect(await http.call('GET', '/metrics')).toMatchObject({
    status: 401,
    body: { code: 'auth.missing_token' },
  })
  expect(await http.call('GET', '/metrics', { token: 'a-token-of-sixteem' })).toMatchObject({
    status: 401,
    body: { code: 'auth.invalid_token' },
  })
  expect((await http.call('GET', '/metrics', { token: metrics_token })).status).toBe(200)
  expect((await http.call('GET', '/metrics', { token: metrics_token, headers })).status).toBe(200)
})

test('OB16 a stranger needs the token', async () => {
  const secret = 'a-token-of-sixteen'
  const { statusEndpoints } = await import('./http/status.ts')
  http = await startHttp([], { metrics: async () => '' })
  const ask = (token: string, metrics_token: string | undefined, address = '203.0.113.9') =>
    statusEndpoints.metrics(
      {
        method: 'GET',
        path: '/metrics',
        query: new URLSearchParams(),
        ids: {},
        body: {},
        idempotency_key: '',
        languages: '',
        address: '',
        session: '',
        csrf: '',
        is_forwarded: false,
        raw: new Uint8Array(),
        signature: '',
        caller: address,
        token,
      },
      {
        ...(http as TestHttp).doors,
        config: { ...test_config, trusted_addresses: ['198.51.100.0/24'], metrics_token },
      },
    )
  expect(await ask('', secret)).toMatchObject({ rejected: 'auth.missing_token' })
  expect(await ask('another-token', secret)).toMatchObject({ rejected: 'auth.invalid_token' })
  expect(await ask('undefined', undefined)).toMatchObject({ rejected: 'auth.invalid_token' })
  expect(await ask(secret, secret)).toMatchObject({ status: 200 })
  expect(await ask('', undefined, '198.51.100.7')).toMatchObject({ status: 200 })
  expect(await ask('', secret, '198.51.100.7')).toMatchObject({ rejected: 'auth.missing_token' })
})
