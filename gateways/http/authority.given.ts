/** Who may use which route, and a world in which everybody tries: one booking with all that hangs on it, and people who have nothing to do with it. */
import { SignJWT } from 'jose'
import { behaviours } from '../../actors/behaviours.ts'
import { request } from '../../actors/booking.given.ts'
import type { Role } from '../../protocols/actor.ts'
import type { Keys } from '../identity/keys.ts'
import { api_resource } from '../sts/claims.ts'
import type { Route } from './routes.ts'
import { type Answered, accountOf, startHttp, test_config } from './testing.ts'

/** `owner` booked, `runner` holds the booking, `shop` has the shop; the others of their roles are strangers to all of it. */
const roles = {
  owner: 'owner',
  other_owner: 'owner',
  runner: 'runner',
  other_runner: 'runner',
  admin: 'admin',
  shop: 'shop',
  other_shop: 'shop',
} as const satisfies Record<string, Role>
export type Known = keyof typeof roles
/** `service` has a token of the token service for itself; `banned` one that was good until the ban. */
export type Actor = Known | 'anonymous' | 'banned' | 'service'
export const known = Object.keys(roles) as readonly Known[]
export const actors: readonly Actor[] = [...known, 'anonymous', 'banned', 'service']
export const roleOf = (actor: Known): (typeof roles)[Known] => roles[actor]

const all = known
const owners = ['owner', 'other_owner'] as const
const runners = ['runner', 'other_runner'] as const
const shops = ['shop', 'other_shop'] as const
const parties = ['owner', 'runner', 'admin'] as const

/** Every route: who is let in. Whoever is not named is refused, and changes nothing. `public`: a token makes no difference. */
// biome-ignore format: a table reads better as one
export const may: Readonly<Record<string, readonly Known[] | 'public'>> = {
  'GET /health': 'public', 'GET /readiness': 'public', 'GET /.well-known/jwks.json': 'public', 'GET /metrics': 'public',
  'GET /docs': 'public', 'GET /docs/openapi.json': 'public', 'GET /docs/asyncapi.json': 'public', 'GET /docs/start.js': 'public',
  'GET /docs/swagger-ui-bundle.js': 'public', 'GET /docs/swagger-ui.css': 'public',
  'POST /api/v1/auth/register': 'public', 'POST /api/v1/auth/login': 'public', 'POST /api/v1/auth/refresh': 'public',
  'POST /api/v1/auth/forgot-password': 'public', 'POST /api/v1/auth/reset-password': 'public',
  'POST /bff/login': 'public', 'GET /bff/session': 'public', 'POST /bff/logout': 'public',
  'GET /api/v1/tracking/shared/:token': 'public', 'GET /api/v1/subscriptions/plans': 'public',
  'POST /api/v1/runners/apply': 'public', 'POST /api/v1/payments/webhook': 'public', 'GET /payments/done': 'public',

  'POST /api/v1/auth/logout': all, 'GET /api/v1/auth/profile': all, 'PUT /api/v1/auth/profile': all,
  'GET /api/v1/admin/users': ['admin'], 'GET /api/v1/admin/users/:id': ['admin'], 'POST /api/v1/admin/users/:id/ban': ['admin'],
  'GET /api/v1/admin/stats/users': ['admin'], 'GET /api/v1/admin/bookings': ['admin'], 'GET /api/v1/admin/stats/bookings': ['admin'],
  'POST /api/v1/admin/runners/:id/certify': ['admin'], 'GET /api/v1/admin/promos': ['admin'], 'POST /api/v1/admin/digests': ['admin'],

  'POST /api/v1/runners': runners, 'GET /api/v1/runners/me': runners, 'PUT /api/v1/runners/me': runners,
  'POST /api/v1/runners/me/online': runners, 'POST /api/v1/runners/me/offline': runners, 'POST /api/v1/runners/me/location': runners,
  'POST /api/v1/runners/me/crates': runners, 'GET /api/v1/runners/nearby': all,

  'POST /api/v1/bookings': owners, 'GET /api/v1/bookings': all,
  'GET /api/v1/bookings/:id': parties, 'GET /api/v1/bookings/:id/runners': ['owner', 'admin'],
  // Another runner is told that it is taken, which is no question of who he is.
  'POST /api/v1/bookings/:id/accept': runners,
  'POST /api/v1/bookings/:id/decline': ['runner'], 'POST /api/v1/bookings/:id/pickup': ['runner'], 'POST /api/v1/bookings/:id/deliver': ['runner'],
  'POST /api/v1/bookings/:id/confirm': ['owner'], 'POST /api/v1/bookings/:id/cancel': parties, 'POST /api/v1/bookings/:id/rate': ['owner'],
  'POST /api/v1/bookings/:id/note': ['owner'], 'POST /api/v1/bookings/:id/rebook': ['owner'],
  'GET /api/v1/bookings/:id/history': parties, 'GET /api/v1/bookings/:id/tracking': parties,
  'POST /api/v1/bookings/:id/photo': ['runner'], 'GET /api/v1/bookings/:id/photos': parties,

  'GET /api/v1/users/me/pets': owners, 'POST /api/v1/users/me/pets': owners, 'GET /api/v1/pets': owners, 'POST /api/v1/pets': owners,
  'GET /api/v1/pets/:id': ['owner'], 'PUT /api/v1/pets/:id': ['owner'], 'DELETE /api/v1/pets/:id': ['owner'],
  'GET /api/v1/petshops': all, 'GET /api/v1/petshops/nearby': all, 'GET /api/v1/petshops/mine': shops, 'GET /api/v1/petshops/:id': all,
  'POST /api/v1/petshops': shops, 'PUT /api/v1/petshops/:id': ['shop'], 'DELETE /api/v1/petshops/:id': ['shop'],

  'POST /api/v1/chat/:id/messages': parties, 'GET /api/v1/chat/:id/messages': parties,
  'POST /api/v1/tracking/:id/share': parties, 'DELETE /api/v1/tracking/:id/share': parties,
  'GET /api/v1/tracking/:id': parties, 'GET /api/v1/tracking/:id/route': parties,

  'GET /api/v1/notifications': all, 'GET /api/v1/notifications/preferences': all, 'PUT /api/v1/notifications/preferences': all,
  'POST /api/v1/notifications/fcm-token': all, 'POST /api/v1/notifications/device-tokens': all, 'GET /api/v1/notifications/vapid-key': all,
  'GET /api/v1/notifications/:id': ['owner'], 'PUT /api/v1/notifications/:id/read': ['owner'], 'POST /api/v1/notifications/:id/read': ['owner'],

  'POST /api/v1/promos': ['admin'], 'POST /api/v1/promos/validate': all, 'GET /api/v1/promos/active': all,
  'POST /api/v1/subscriptions': all, 'GET /api/v1/subscriptions/me': all, 'POST /api/v1/subscriptions/me/cancel': all,
  'GET /api/v1/referrals/me': all, 'GET /api/v1/referrals/code': all,

  'POST /api/v1/payments/initiate': ['owner'], 'GET /api/v1/payments': runners, 'GET /api/v1/payments/:id': parties,
  'GET /api/v1/payments/booking/:id': parties, 'POST /api/v1/payments/:id/refund': ['admin'],
}

export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>) => `${method} ${path}`

const place = { latitude: 1.4927, longitude: 103.7414 }
const { type: _type, ...order } = request
const vehicle = {
  full_name: 'A runner',
  phone: '+60123456789',
  vehicle_type: 'van',
  vehicle_plate: 'JHR 1',
  vehicle_model: 'Hiace',
  air_conditioned: true,
}
const crate = { size: 'medium', pet_types: ['cat', 'dog'], max_weight_kg: 20, ventilated: true }
const pet = { name: 'Tom', pet_type: 'cat' }
const shop = { name: 'Paws', address: '1 Jalan Satu', ...place, category: 'vet' }
const push_token = { token: 'a-device-token' }

/** A body that the route takes, where it takes one. */
export const bodies: Readonly<Record<string, (on: Pick<World, 'booking_id'>) => object>> = {
  'POST /api/v1/auth/register': () => ({
    email: 'fresh@kilat.test',
    password: 'correct horse',
    full_name: 'Fresh',
    role: 'owner',
    first_pet: pet,
  }),
  'POST /api/v1/auth/login': () => ({ email: 'nobody@kilat.test', password: 'wrong' }),
  'POST /api/v1/auth/refresh': () => ({ refresh_token: 'none' }),
  'POST /api/v1/auth/forgot-password': () => ({ email: 'nobody@kilat.test' }),
  'POST /api/v1/auth/reset-password': () => ({ token: 'none', newPassword: 'correct horse' }),
  'POST /bff/login': () => ({ email: 'nobody@kilat.test', password: 'wrong' }),
  'POST /api/v1/runners/apply': () => ({
    name: 'New',
    phone: '+60123456789',
    icNumber: '900101-01-1234',
    plateNumber: 'JHR 2',
    vehicleType: 'car',
    consentAcknowledged: true,
  }),
  'PUT /api/v1/auth/profile': () => ({ full_name: 'Another name' }),
  'POST /api/v1/runners': () => vehicle,
  'PUT /api/v1/runners/me': () => ({ vehicle_model: 'Myvi' }),
  'POST /api/v1/runners/me/online': () => place,
  'POST /api/v1/runners/me/location': () => place,
  'POST /api/v1/runners/me/crates': () => ({ ...crate, size: 'large' }),
  'POST /api/v1/bookings': () => order,
  'POST /api/v1/bookings/:id/decline': () => ({ reason: 'too_far' }),
  'POST /api/v1/bookings/:id/cancel': () => ({ reason: 'changed my mind' }),
  'POST /api/v1/bookings/:id/rate': () => ({ stars: 5, comment: '' }),
  'POST /api/v1/bookings/:id/note': () => ({ note: 'he bites' }),
  'POST /api/v1/bookings/:id/photo': () => ({ photo_type: 'pickup', photo_url: 'https://photos.test/1.jpg' }),
  'POST /api/v1/admin/runners/:id/certify': () => ({ certified: true }),
  'POST /api/v1/users/me/pets': () => pet,
  'POST /api/v1/pets': () => pet,
  'PUT /api/v1/pets/:id': () => ({ name: 'Jerry' }),
  'POST /api/v1/petshops': () => shop,
  'PUT /api/v1/petshops/:id': () => ({ name: 'Claws' }),
  'POST /api/v1/chat/:id/messages': () => ({ message_type: 'text', content: 'hello' }),
  'PUT /api/v1/notifications/preferences': () => ({ enable_sms: false }),
  'POST /api/v1/notifications/fcm-token': () => push_token,
  'POST /api/v1/notifications/device-tokens': () => push_token,
  'POST /api/v1/promos': () => ({
    code: 'TEN',
    discount_type: 'percentage',
    discount_value: 10,
    valid_from: '2026-01-01T00:00:00Z',
    valid_until: '2027-01-01T00:00:00Z',
  }),
  'POST /api/v1/promos/validate': () => ({ code: 'TEN', amount_cents: 1_000 }),
  'POST /api/v1/subscriptions': () => ({ plan: 'basic' }),
  'POST /api/v1/payments/initiate': ({ booking_id }) => ({ booking_id, payment_method: 'pm_card_visa' }),
  'POST /api/v1/payments/:id/refund': () => ({ reason: 'it went wrong' }),
}

const idFor = (index: number) => `${String(index).repeat(8)}-1111-4111-8111-111111111111`
const dataOf = ({ body }: Answered) => body.data as Readonly<Record<string, unknown>>
const idIn = (answered: Answered) => String(dataOf(answered).id)

/** A token as the token service gives it to a client that logs in as itself. */
function serviceToken(keys: Keys, now_ms: number): Promise<string> {
  const now = Math.floor(now_ms / 1_000)
  return new SignJWT({ token_type: 'service', client_id: 'reports', scope: 'api' })
    .setProtectedHeader({ alg: 'EdDSA', kid: keys.kid, typ: 'at+jwt' })
    .setIssuer(test_config.sts_issuer)
    .setSubject('reports')
    .setAudience(api_resource)
    .setJti(idFor(9))
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .sign(keys.signing)
}

async function peopleIn(http: Awaited<ReturnType<typeof startHttp>>) {
  const tokens: Partial<Record<Actor, string>> = {}
  for (const [index, actor] of [...known, 'banned' as const].entries()) {
    const principal = { id: idFor(index + 1), role: actor === 'banned' ? 'owner' : roles[actor] } as const
    await http.doors.accounts.create(accountOf(principal))
    tokens[actor] = await http.tokenFor(principal)
  }
  const banned = idFor(known.length + 1)
  await http.doors.accounts.ban(banned, http.env.now_ms())
  http.doors.bans.add(banned)
  tokens.service = await serviceToken(http.keys, http.env.now_ms())
  return tokens as Readonly<Record<Exclude<Actor, 'anonymous'>, string>>
}

/** A fresh world behind a real HTTP server. */
export async function startWorld(keys: Keys) {
  const http = await startHttp(behaviours, { keys })
  const tokens = await peopleIn(http)
  const send = (actor: Actor, method: string, path: string, body?: unknown) =>
    http.call(method, path, { ...(actor === 'anonymous' ? {} : { token: tokens[actor] }), body })
  const made = async (actor: Known, path: string, body?: object) => {
    const answered = await send(actor, 'POST', `/api/v1${path}`, body)
    if (answered.status >= 300) throw new Error(`${path}: ${answered.text}`)
    return answered
  }
  for (const actor of runners) {
    await made(actor, '/runners', vehicle)
    await made(actor, '/runners/me/crates', crate)
    await made(actor, '/runners/me/online', place)
  }
  const booking_id = idIn(await made('owner', '/bookings', order))
  await made('runner', `/bookings/${booking_id}/accept`)
  await made('owner', '/payments/initiate', { booking_id, payment_method: 'pm_card_visa' })
  const pet_id = idIn(await made('owner', '/pets', pet))
  const shop_id = idIn(await made('shop', '/petshops', shop))
  const told = { effect_id: '1:1:0:0', user_id: idFor(1), template: 'runner_assigned', booking_id } as const
  await http.doors.inbox.add({ ...told, at_ms: http.env.now_ms() }, 1)
  const { items } = dataOf(await send('owner', 'GET', '/api/v1/notifications')) as { items: { id: string }[] }
  const notice_id = items[0]?.id ?? ''
  const share_token = String(dataOf(await made('owner', `/tracking/${booking_id}/share`)).share_token)
  /** Whose id stands in a path that begins like this; the booking's in all others. */
  const ids = [
    ['/api/v1/admin/users', idFor(2)],
    ['/api/v1/admin/runners', idFor(3)],
    ['/api/v1/pets/', pet_id],
    ['/api/v1/petshops/', shop_id],
    ['/api/v1/notifications/', notice_id],
  ] as const
  return {
    http,
    tokens,
    booking_id,
    pet_id,
    /** What no stranger may be told in an answer. */
    private_ids: [booking_id, pet_id, notice_id, share_token, `owner-${idFor(1)}@kilat.test`],
    send,
    /** The path with the ids of this world in it. */
    at({ path }: Pick<Route, 'path'>): string {
      const [, id = booking_id] = ids.find(([prefix]) => path.startsWith(prefix)) ?? []
      return path.replace(':token', share_token).replace(':id', id)
    },
    /** All that is kept: equal texts before and after mean that nothing has changed. */
    kept: () => JSON.stringify([http.host.kept(), http.kept_rows(), http.kept_accounts()]),
    stop: () => http.stop(),
  }
}

export type World = Awaited<ReturnType<typeof startWorld>>
