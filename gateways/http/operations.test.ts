// Every operation of the document, called at the live door by a client that is made of the document alone.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import type { Role } from '../../protocols/actor.ts'
import { sampleOf } from '../../protocols/sample.ts'
import { clientOf, type Document, type GeneratedOperation, type Given } from './generated_client.given.ts'
import { accountOf, startHttp, type TestHttp } from './testing.ts'

let http: TestHttp
let operations: readonly GeneratedOperation[]
const called = new Map<string, number[]>()
const tokens = new Map<Role, string>()
const ids: Readonly<Record<string, string>> = {
  owner: 'aaaaaaaa-1111-4111-8111-111111111111',
  runner: 'bbbbbbbb-1111-4111-8111-111111111111',
  admin: 'cccccccc-1111-4111-8111-111111111111',
  shop: 'dddddddd-1111-4111-8111-111111111111',
}

beforeAll(async () => {
  http = await startHttp(behaviours)
  for (const role of ['owner', 'runner', 'admin', 'shop'] as const) {
    const principal = { id: ids[role] ?? '', role }
    await http.doors.accounts.create(accountOf(principal))
    tokens.set(role, await http.tokenFor(principal))
  }
  const document = (await http.call('GET', '/docs/openapi.json')).body
  operations = clientOf(document as unknown as Document, http.origin)
})
afterAll(() => http.stop())

/** Calls an operation by its id; the client has checked the answer when this resolves. */
async function call(id: string, role?: Role, given: Omit<Given, 'token'> = {}) {
  const operation = operations.find((each) => each.id === id)
  if (!operation) throw new Error(`the document has no operation ${id}`)
  const token = role && tokens.get(role)
  const told = await operation.call(token === undefined ? given : { ...given, token })
  called.set(id, [...(called.get(id) ?? []), told.status])
  return told
}
const dataOf = ({ body }: { body: unknown }) => (body as { data: Readonly<Record<string, unknown>> }).data

const johor = { latitude: 1.4927, longitude: 103.7414 }
const kuala_lumpur = { latitude: 3.139, longitude: 101.6869 }
const address = (place: object) => ({ line1: '1 Jalan Satu', city: 'A', state: 'B', country: 'MY', ...place })
const wanted = (name: string) => ({
  pet_spec: {
    pet_type: 'cat',
    name,
    weight_kg: 4,
    vaccinations: [{ vaccine_name: 'rabies', date_given: new Date(http.env.now_ms()).toISOString() }],
  },
  pickup_address: address(johor),
  dropoff_address: address(kuala_lumpur),
  scheduled_at: '2027-02-10T09:00:00.000',
})
const login = { email: 'mei@example.com', password: 'a-long-password' }

async function booked(name: string): Promise<{ parameters: { id: string } }> {
  const { id } = dataOf(await call('post_bookings', 'owner', { body: wanted(name) }))
  return { parameters: { id: String(id) } }
}

test('OA10 accounts and documents answer as the document says', async () => {
  const account = { ...login, full_name: 'Mei', role: 'owner' }
  const made = dataOf(await call('post_auth_register', undefined, { body: account }))
  expect((await call('post_auth_register', undefined, { body: account })).status).toBe(409)
  expect((await call('post_auth_login', undefined, { body: login })).status).toBe(200)
  const wrong = { ...login, password: 'another-password' }
  expect((await call('post_auth_login', undefined, { body: wrong })).status).toBe(401)
  const { refresh_token } = made
  expect((await call('post_auth_refresh', undefined, { body: { refresh_token } })).status).toBe(200)
  expect((await call('get_auth_profile')).status).toBe(401)
  expect((await call('get_auth_profile', 'owner')).status).toBe(200)
  expect((await call('put_auth_profile', 'owner', { body: { full_name: 'Mei Ling' } })).status).toBe(200)
  expect((await call('post_auth_logout', 'owner')).status).toBe(200)
  for (const { id, secured, parameters } of operations)
    if (!secured && /^get_(?!bff)/.test(id) && parameters.length === 0)
      expect((await call(id)).status, id).toBe(200)
})

test('OA10 a booking’s way answers as the document says', async () => {
  expect((await call('get_runners_me', 'runner')).status).toBe(404)
  const vehicle = { vehicle_type: 'van', vehicle_plate: 'JHR 1', vehicle_model: 'Hiace' }
  expect((await call('post_runners', 'runner', { body: vehicle })).status).toBe(201)
  expect((await call('put_runners_me', 'runner', { body: { vehicle_year: 2020 } })).status).toBe(200)
  const crate = { size: 'medium', pet_types: ['cat'], max_weight_kg: 20, ventilated: true }
  expect((await call('post_runners_me_crates', 'runner', { body: crate })).status).toBe(201)
  expect((await call('post_runners_me_online', 'runner', { body: johor })).status).toBe(200)
  expect((await call('get_runners_me', 'runner')).status).toBe(200)
  expect((await call('get_runners_nearby', 'owner', { parameters: { ...johor, radius_km: 5 } })).status).toBe(
    200,
  )
  const first = await booked('Tom')
  expect((await call('get_bookings_id_runners', 'owner', first)).status).toBe(200)
  expect((await call('get_tracking_id', 'owner', first)).status).toBe(404)
  for (const move of ['accept', 'decline', 'accept', 'pickup', 'deliver']) {
    const body = move === 'decline' ? { body: { reason: 'too_far' } } : {}
    expect((await call(`post_bookings_id_${move}`, 'runner', { ...first, ...body })).status, move).toBe(200)
    if (move === 'accept')
      expect((await call('post_runners_me_location', 'runner', { body: johor })).status).toBe(200)
  }
  expect((await call('get_tracking_id', 'owner', first)).status).toBe(200)
  expect((await call('get_tracking_id_route', 'owner', first)).status).toBe(200)
  expect((await call('post_bookings_id_confirm', 'owner', first)).status).toBe(200)
  expect((await call('get_bookings_id', 'owner', first)).status).toBe(200)
  expect((await call('post_bookings_id_cancel', 'owner', first)).status).toBe(422)
  expect((await call('post_bookings_id_rate', 'owner', { ...first, body: { stars: 5 } })).status).toBe(200)
  const certified = { parameters: { id: ids.runner ?? '' }, body: { certified: true } }
  expect((await call('post_admin_runners_id_certify', 'admin', certified)).status).toBe(200)
  const second = await booked('Jerry')
  const note = { ...second, body: { note: 'He bites.' } }
  expect((await call('post_bookings_id_note', 'owner', note)).status).toBe(200)
  expect((await call('post_bookings_id_cancel', 'owner', second)).status).toBe(200)
  expect((await call('post_runners_me_offline', 'runner')).status).toBe(200)
})

test('OA10 both shapes of the list of bookings are in the document', async () => {
  expect(
    (await call('get_bookings', 'owner', { parameters: { page: 1, limit: 5, status: 'completed' } })).status,
  ).toBe(200)
  expect(dataOf(await call('get_bookings', 'runner'))).toMatchObject({ items: [expect.anything()] })
})

test('OA10 admins and the forgetful are answered as the document says', async () => {
  expect((await call('post_auth_forgot_password', undefined, { body: { email: login.email } })).status).toBe(
    202,
  )
  await expect.poll(() => http.letters.length).toBe(1)
  const token = /[0-9a-f]{64}/.exec(http.letters[0]?.text ?? '')?.[0]
  const reset = { body: { token, newPassword: 'another-long-password' } }
  expect((await call('post_auth_reset_password', undefined, reset)).status).toBe(200)
  expect((await call('post_auth_reset_password', undefined, reset)).status).toBe(400)
  expect((await call('get_admin_users', 'admin', { parameters: { page: 1, limit: 5 } })).status).toBe(200)
  expect((await call('get_admin_stats_users', 'admin')).status).toBe(200)
  const account = { email: 'late@example.com', password: 'a-long-password', full_name: 'L', role: 'owner' }
  const { user } = dataOf(await call('post_auth_register', undefined, { body: account }))
  const late = { parameters: { id: String((user as { id: string }).id) } }
  expect((await call('get_admin_users_id', 'admin', late)).status).toBe(200)
  expect((await call('post_admin_users_id_ban', 'admin', late)).status).toBe(200)
  expect((await call('post_bff_logout')).status).toBe(200)
})

test('OA10 records answer as the document says', async () => {
  const pet = { name: 'Tom', pet_type: 'cat' }
  const { id } = dataOf(await call('post_pets', 'owner', { body: pet }))
  const mine = { parameters: { id: String(id) } }
  expect((await call('post_users_me_pets', 'owner', { body: pet })).status).toBe(201)
  for (const list of ['get_pets', 'get_users_me_pets']) expect((await call(list, 'owner')).status).toBe(200)
  expect((await call('get_pets_id', 'owner', mine)).status).toBe(200)
  expect((await call('put_pets_id', 'owner', { ...mine, body: { breed: 'Siamese' } })).status).toBe(200)
  expect((await call('delete_pets_id', 'owner', mine)).status).toBe(200)
  const shop = { name: 'Paws', address: '1 Jalan', ...johor, category: 'vet', services: ['x-ray'] }
  const shopId = {
    parameters: { id: String(dataOf(await call('post_petshops', 'shop', { body: shop })).id) },
  }
  expect((await call('put_petshops_id', 'shop', { ...shopId, body: { phone: '0123' } })).status).toBe(200)
  expect((await call('get_petshops_mine', 'shop')).status).toBe(200)
  expect((await call('get_petshops', 'owner', { parameters: { category: 'vet' } })).status).toBe(200)
  expect((await call('get_petshops_nearby', 'owner', { parameters: johor })).status).toBe(200)
  expect((await call('get_petshops_id', 'owner', shopId)).status).toBe(200)
  expect((await call('delete_petshops_id', 'shop', shopId)).status).toBe(200)
  const times = { valid_from: '2026-01-01T00:00:00Z', valid_until: '2036-01-01T00:00:00Z' }
  const promo = { code: 'RAYA', discount_type: 'percentage', discount_value: 10, ...times }
  expect((await call('post_promos', 'admin', { body: promo })).status).toBe(201)
  for (const code of ['RAYA', 'NONE'])
    expect(
      (await call('post_promos_validate', 'owner', { body: { code, amount_cents: 1_000 } })).status,
    ).toBe(200)
  for (const list of ['get_promos_active', 'get_admin_promos'])
    expect((await call(list, 'admin')).status).toBe(200)
  expect((await call('post_subscriptions', 'owner', { body: { plan: 'basic' } })).status).toBe(201)
  expect((await call('get_subscriptions_me', 'owner')).status).toBe(200)
  expect((await call('post_subscriptions_me_cancel', 'owner')).status).toBe(200)
  for (const list of ['get_referrals_me', 'get_referrals_code'])
    expect((await call(list, 'owner')).status).toBe(200)
  const form = { name: 'R', phone: '+60123456789', icNumber: '900101-01-1234', plateNumber: 'J 1' }
  const application = { ...form, vehicleType: 'car', consentAcknowledged: true }
  expect((await call('post_runners_apply', undefined, { body: application })).status).toBe(201)
})

test('OA10 what surrounds a booking answers as the document says', async () => {
  expect((await call('post_runners_me_online', 'runner', { body: johor })).status).toBe(200)
  const first = await booked('Felix')
  expect((await call('post_bookings_id_accept', 'runner', first)).status).toBe(200)
  expect((await call('post_runners_me_location', 'runner', { body: johor })).status).toBe(200)
  const photo = { photo_type: 'pickup', photo_url: 'https://example.com/1.jpg' }
  expect((await call('post_bookings_id_photo', 'runner', { ...first, body: photo })).status).toBe(201)
  expect((await call('get_bookings_id_photos', 'owner', first)).status).toBe(200)
  expect((await call('get_bookings_id_history', 'owner', first)).status).toBe(200)
  expect((await call('get_bookings_id_tracking', 'owner', first)).status).toBe(200)
  const said = { message_type: 'text', content: 'Hello' }
  expect((await call('post_chat_id_messages', 'runner', { ...first, body: said })).status).toBe(201)
  expect((await call('get_chat_id_messages', 'owner', first)).status).toBe(200)
  const { share_token } = dataOf(await call('post_tracking_id_share', 'owner', first))
  const shared = { parameters: { token: String(share_token) } }
  expect((await call('get_tracking_shared_token', undefined, shared)).status).toBe(200)
  expect((await call('delete_tracking_id_share', 'owner', first)).status).toBe(200)
  expect((await call('post_bookings_id_rebook', 'owner', first)).status).toBe(201)
  expect((await call('get_admin_bookings', 'admin', { parameters: { page: 1 } })).status).toBe(200)
  expect((await call('get_admin_stats_bookings', 'admin')).status).toBe(200)
  const digests = { body: { of: [{ kind: 'runner', id: ids.runner ?? '' }] } }
  expect((await call('post_admin_digests', 'admin', digests)).status).toBe(200)
})

test('OA10 notices and preferences answer as the document says', async () => {
  const booking_id = dataOf(await call('post_bookings', 'owner', { body: wanted('Garfield') })).id
  const notice = {
    effect_id: '1:2:e0',
    template: 'delivered',
    user_id: ids.owner ?? '',
    booking_id: String(booking_id),
  } as const
  await http.doors.inbox.add({ ...notice, at_ms: http.env.now_ms() }, 1)
  expect((await call('get_notifications', 'owner', { parameters: { page: 1 } })).status).toBe(200)
  const [first] = dataOf(await call('get_notifications', 'owner')).items as readonly { id: string }[]
  const mine = { parameters: { id: first?.id ?? '' } }
  expect((await call('get_notifications_id', 'owner', mine)).status).toBe(200)
  for (const method of ['put', 'post'])
    expect((await call(`${method}_notifications_id_read`, 'owner', mine)).status).toBe(200)
  expect((await call('put_notifications_preferences', 'owner', { body: { language: 'ms' } })).status).toBe(
    200,
  )
  expect((await call('get_notifications_preferences', 'owner')).status).toBe(200)
  expect((await call('get_notifications_vapid_key', 'owner')).status).toBe(200)
  const phone = { body: { token: 'a-phone' } }
  expect((await call('post_notifications_fcm_token', 'owner', phone)).status).toBe(200)
  expect((await call('post_notifications_device_tokens', 'owner', phone)).status).toBe(200)
})

test('OA10 a payment answers as the document says', async () => {
  const booking = await booked('Tompok')
  const body = { booking_id: booking.parameters.id }
  expect((await call('post_payments_initiate', 'owner', { body })).status).toBe(201)
  expect((await call('get_payments_id', 'owner', booking)).status).toBe(200)
  expect((await call('get_payments_booking_id', 'admin', booking)).status).toBe(200)
  expect((await call('get_payments', 'runner')).status).toBe(200)
})

/** Operations that need more than this door has to succeed: what they refuse with is checked all the same. */
const refused: readonly string[] = [
  'post_bff_login',
  'get_bff_session',
  'post_payments_webhook',
  'post_payments_id_refund',
]

test('OA11 every operation is called, and answers nothing that is not documented, whoever asks', async () => {
  for (const { id, parameters, body, secured } of operations) {
    const values = parameters.flatMap(({ name, in: place, required, schema }) =>
      place === 'path' || required ? [[name, sampleOf(schema) as string]] : [],
    )
    const given = {
      anyhow: true as const,
      parameters: Object.fromEntries(values),
      ...(body ? { body: sampleOf(body) } : {}),
    }
    if (secured) expect((await call(id, undefined, given)).status, id).toBe(401)
    for (const role of ['owner', 'runner', 'admin', 'shop'] as const) await call(id, role, given)
  }
  const never = operations.filter(({ id }) => !called.get(id)?.some((status) => status < 300))
  expect(never.map(({ id }) => id)).toEqual(refused)
})
