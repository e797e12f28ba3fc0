import { expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { MemoryRows } from '../../engine/memory_rows.ts'
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import { type Device, devices, notifications, preferences, pushes } from '../../protocols/notice_tables.ts'
import { isQuiet, openInbox, preferencesOf } from './inbox.ts'
import type { PushMessage } from './pusher.ts'
import { wordsOf } from './templates.ts'

const user_id = '22222222-2222-4222-8222-222222222222'
const booking_id = '11111111-1111-4111-8111-111111111111'
const device = (token: string, more: Partial<Device> = {}): Device => ({
  id: `00000000-0000-4000-8000-${token.padStart(12, '0')}`,
  user_id,
  channel: 'fcm',
  token,
  p256dh: '',
  auth: '',
  created_at: 1,
  ...more,
})

/** An inbox whose one push service does what `outcomes` says of a token; 'taken' when it says nothing. */
async function given(...known: readonly Device[]) {
  const rows = new MemoryRows()
  const env = new SteppedEnv()
  const sent: { token: string; message: PushMessage }[] = []
  const outcomes = new Map<string, 'gone' | 'fault'>()
  const push = async ({ token }: Device, message: PushMessage) => {
    const outcome = outcomes.get(token) ?? 'taken'
    if (outcome === 'fault') throw new Fault('away', { retry: true })
    sent.push({ token, message })
    return outcome
  }
  for (const each of known) await rows.add(devices, each)
  const inbox = openInbox({ rows, env, pushers: { fcm: { push } } })
  const notice = { effect_id: '1:2:0:0', user_id, template: 'delivered', booking_id, at_ms: 1_700 } as const
  const kept = () => rows.find(notifications, { where: { user_id }, order: [], limit: 9 })
  return { rows, env, sent, outcomes, inbox, notice, kept }
}

test('NT6 a notice is kept once and pushed once to each device however often its effect is carried out', async () => {
  const { inbox, notice, kept, sent } = await given(device('1'), device('2'))
  await inbox.add(notice, 1)
  await inbox.add({ ...notice, at_ms: 9_999 }, 2)
  expect(await kept()).toMatchObject([{ event_type: 'delivered', created_at: 1_700, channels_sent: ['fcm'] }])
  expect(sent.map(({ token }) => token)).toEqual(['1', '2'])
  expect(sent[0]?.message).toMatchObject({
    title: 'Delivered',
    booking_id,
    event_type: 'booking.delivery_confirmed',
  })
})

test('NT7 a device that could not be reached is tried again, the others are left alone, and it ends', async () => {
  const { inbox, notice, kept, sent, outcomes, rows } = await given(device('1'), device('2'))
  outcomes.set('2', 'fault')
  await expect(inbox.add(notice, 1)).rejects.toBeInstanceOf(Fault)
  expect(await kept()).toMatchObject([{ status: 'partially_sent', channels_failed: ['fcm'] }])
  await inbox.add(notice, limits.push_tries_max)
  expect(sent.map(({ token }) => token)).toEqual(['1'])
  outcomes.delete('2')
  expect(await rows.count(pushes, {})).toBe(1)
  await inbox.add(notice, 1)
  expect(await rows.count(pushes, {})).toBe(0)
  await inbox.add(notice, 1)
  expect(sent.map(({ token }) => token)).toEqual(['1', '2'])
  expect(await kept()).toMatchObject([{ status: 'sent', channels_failed: [] }])
})

test('NT8 a token that its service does not know any more is forgotten', async () => {
  const { inbox, notice, rows, outcomes } = await given(device('1'), device('2'))
  outcomes.set('1', 'gone')
  await inbox.add(notice, 1)
  const left = await rows.find(devices, { where: { user_id }, order: [], limit: 9 })
  expect(left.map(({ token }) => token)).toEqual(['2'])
})

test('NT9 pushes rest in quiet hours and where they are not wanted; the inbox holds the notice all the same', async () => {
  const { inbox, notice, rows, env, sent, kept } = await given(device('1'))
  const wishes = await preferencesOf(rows, user_id)
  await rows.add(preferences, { ...wishes, enable_push: false })
  await inbox.add(notice, 1)
  const minute = (Math.floor(env.now_ms() / 60_000) + 8 * 60) % 1_440
  const clock = (at: number) =>
    `${String(Math.floor(at / 60) % 24).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`
  const quiet = { quiet_hours_start: clock(minute), quiet_hours_end: clock(minute + 1) }
  await rows.change(preferences, { id: user_id }, { enable_push: true, ...quiet })
  await inbox.add({ ...notice, effect_id: '1:3:0:0' }, 1)
  expect([sent.length, (await kept()).length]).toEqual([0, 2])
  const night = { ...wishes, quiet_hours_start: '22:00', quiet_hours_end: '07:00' }
  const at = (hour: number) => isQuiet(night, Date.UTC(2026, 0, 1, hour - 8 + 24))
  expect([at(21), at(22), at(3), at(7), at(12)]).toEqual([false, true, true, false, false])
})

test('NT10 the nearest runners who have a device are offered an open booking, each once', async () => {
  const near = [user_id, '33333333-3333-4333-8333-333333333333', '44444444-4444-4444-8444-444444444444']
  const other = { user_id: near[1] as string }
  const { inbox, rows, sent } = await given(device('1'), device('2'), device('3', other))
  const offer = { effect_id: '1:9:0:0', booking_id, runner_ids: near, at_ms: 5 }
  await inbox.offer(offer, 1)
  await inbox.offer(offer, 1)
  expect(sent.map(({ token }) => token).sort()).toEqual(['1', '2', '3'])
  expect(await rows.count(notifications, {})).toBe(2)
})

test('NT11 words are filled from the notice, and a template that is gone is told by its name', () => {
  const { title, body } = wordsOf('chat_message', 'ms', { content: 'hai {content}' })
  expect([title, body]).toEqual(['Mesej baharu', 'hai {content}'])
  expect(wordsOf('constructor', 'en', {})).toMatchObject({ type: 'constructor', title: 'Kilat' })
})
