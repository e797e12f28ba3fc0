// The two push services as small HTTP servers on this machine: what they are sent, and what is made of their answers.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, exportPKCS8, generateKeyPair, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import webpush from 'web-push'
import { SteppedEnv } from '../../engine/clock.ts'
import { Fault } from '../../engine/ports.ts'
import type { Device } from '../../protocols/notice_tables.ts'
import { test_config } from '../http/testing.ts'
import { fcmPusher } from './fcm.ts'
import { openPushers } from './open_pushers.ts'
import { isPushService, webPusher } from './web_push.ts'

interface Heard {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const heard: Heard[] = []
let answer = { status: 201, body: '' }
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    heard.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) })
    const token = request.url === '/token' && answer.status !== 503
    response.writeHead(token ? 200 : answer.status)
    response.end(token ? '{"access_token":"ya29","expires_in":3600}' : answer.body)
  })
})
let origin = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
afterEach(() => {
  heard.length = 0
  answer = { status: 201, body: '' }
})

const message = {
  event_type: 'booking.accepted',
  type: 'runner_assigned',
  title: 'A runner is on the way',
  body: 'Your booking has been accepted.',
  notification_id: '1',
  booking_id: '2',
}
const phone: Device = {
  id: '1',
  user_id: '2',
  channel: 'fcm',
  token: 'phone',
  p256dh: '',
  auth: '',
  created_at: 1,
}
const vapid = webpush.generateVAPIDKeys()
const keys = { public_key: vapid.publicKey, private_key: vapid.privateKey, subject: 'mailto:a@kilat.test' }

async function browser(): Promise<Device> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
  const raw = await crypto.subtle.exportKey('raw', pair.publicKey)
  const p256dh = Buffer.from(raw).toString('base64url')
  const auth = Buffer.alloc(16, 7).toString('base64url')
  return { ...phone, channel: 'web', token: `${origin}/send/abc`, p256dh, auth }
}

test('NT12 a browser is sent an encrypted payload, signed for its service with the VAPID key', async () => {
  expect(await webPusher(keys).push(await browser(), message)).toBe('taken')
  const [sent] = heard
  expect(sent).toMatchObject({ url: '/send/abc', headers: { 'content-encoding': 'aes128gcm', ttl: '3600' } })
  expect(sent?.body.includes('runner')).toBe(false)
  const token = /t=([^,]+)/.exec(String(sent?.headers.authorization))?.[1] ?? ''
  expect(decodeJwt(token)).toMatchObject({ aud: origin, sub: keys.subject })
})

test('NT13 a push service that says gone is believed, and one in trouble is tried again', async () => {
  const device = await browser()
  const outcomes = async (status: number) => {
    answer = { status, body: '' }
    return webPusher(keys)
      .push(device, message)
      .catch((error: unknown) => (error instanceof Fault ? 'fault' : String(error)))
  }
  const told = []
  for (const status of [201, 410, 404, 429, 500, 302]) told.push(await outcomes(status))
  expect(told).toEqual(['taken', 'gone', 'gone', 'fault', 'fault', 'fault'])
})

test('NT14 only push services that are known are called for a client', () => {
  const hosts = ['push.test']
  const known = ['https://push.test/x', 'https://eu.push.test/x']
  const refused = ['http://push.test/x', 'https://push.test.evil.test/', 'https://push.test@127.0.0.1/', 'x']
  expect(known.map((url) => isPushService(url, hosts))).toEqual([true, true])
  expect(refused.map((url) => isPushService(url, hosts))).toEqual(refused.map(() => false))
})

test('NT15 FCM is sent the message under a token that the signed assertion fetched once', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const account = {
    project_id: 'kilat',
    client_email: 'push@kilat.test',
    private_key: await exportPKCS8(privateKey),
    token_uri: `${origin}/token`,
  }
  const env = new SteppedEnv()
  const pusher = await fcmPusher(JSON.stringify(account), env, origin)
  answer = { status: 200, body: '{}' }
  for (const _ of [1, 2]) expect(await pusher.push(phone, message)).toBe('taken')
  expect(heard.map(({ url }) => url)).toEqual([
    '/token',
    ...Array(2).fill('/v1/projects/kilat/messages:send'),
  ])
  const form = new URLSearchParams(String(heard[0]?.body))
  const currentDate = new Date(env.now_ms())
  const { payload } = await jwtVerify(form.get('assertion') ?? '', publicKey, { currentDate })
  expect(payload).toMatchObject({ iss: account.client_email, aud: account.token_uri })
  expect(heard[1]?.headers.authorization).toBe('Bearer ya29')
  const { title, body, ...data } = message
  expect(JSON.parse(String(heard[1]?.body))).toMatchObject({
    message: { token: 'phone', notification: { title, body }, data },
  })
  const outcomes = []
  for (const [status, told] of [
    [404, ''],
    [400, 'INVALID_ARGUMENT'],
    [401, ''],
    [500, ''],
  ] as const) {
    answer = { status, body: told }
    outcomes.push(await pusher.push(phone, message).catch((error: unknown) => error instanceof Fault))
  }
  expect(outcomes).toEqual(['gone', 'gone', true, true])
  expect(heard.filter(({ url }) => url === '/token')).toHaveLength(2)
})

test('NT16 keys that are none stop the start, and none of them is told', async () => {
  const env = new SteppedEnv()
  const opened = (more: object) => openPushers({ ...test_config, ...more }, env)
  expect(await opened({})).toEqual({})
  const secret = 'x'.repeat(43)
  await expect(opened({ vapid_public_key: 'short', vapid_private_key: secret })).rejects.not.toThrow(secret)
  await expect(opened({ fcm_service_account: `{"private_key":"${secret}"}` })).rejects.toThrow(
    'FCM_SERVICE_ACCOUNT',
  )
  await expect(opened({ fcm_service_account: secret })).rejects.not.toThrow(secret)
  const both = { vapid_public_key: keys.public_key, vapid_private_key: keys.private_key }
  expect(Object.keys(await opened(both))).toEqual(['web'])
})
