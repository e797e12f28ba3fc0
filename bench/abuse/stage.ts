// The scene on a real engine: made over HTTP by people whose address no limit counts.
import { systemEnv } from '../../engine/system_env.ts'
import type { Known } from '../../gateways/http/authority.given.ts'
import { bodies, known, roleOf } from '../../gateways/http/authority.given.ts'
import type { Stack } from '../stack.ts'
import { issuer } from '../stack.ts'
import { Mint } from '../tokens.ts'
import { ask } from './asking.ts'
import type { Honest } from './honest.ts'
import type { Scene } from './scene.ts'

const idFor = (group: number, index: number) =>
  `${String(group).repeat(8)}-1111-4111-8111-${String(index).padStart(12, '0')}`
const place = { latitude: 1.4927, longitude: 103.7414 }
export const password = 'a correct horse'

export interface Stage extends Scene {
  readonly people: readonly Honest[]
  /** Of an owner, and over for an hour. */
  readonly expired: string
  /** Registered, with `password`. */
  readonly email: string
  readonly refresh_token: string
  /** What an attack may not change, as text. */
  look(): Promise<string>
}

type Call = (token: string, path: string, body?: object) => Promise<Readonly<Record<string, unknown>>>

/** Sends a POST that must succeed. Rejects with what was answered instead. */
const callerOf =
  (port: number): Call =>
  async (token, path, body = {}) => {
    const told = await ask(port, {
      method: 'POST',
      path: `/api/v1${path}`,
      body,
      ...(token === '' ? {} : { token }),
    })
    if (told.status >= 300 || told.status === 0) throw new Error(`${path}: ${told.status} ${told.text}`)
    return (JSON.parse(told.text) as { data: Readonly<Record<string, unknown>> }).data
  }

const bodyOf = (name: string) => bodies[name]?.({ booking_id: '' }) ?? {}

/** The booking with all that hangs on it. `honest` people have a booking each, and an address of their own. */
export async function setStage(stack: Stack, honest: number): Promise<Stage> {
  const mint = await Mint.open(stack.data_dir, issuer)
  const call = callerOf(stack.port)
  const named = await Promise.all(
    known.map(async (actor, index) => [actor, await mint.token(idFor(1, index), roleOf(actor))] as const),
  )
  const tokens = Object.fromEntries(named) as Record<Known, string>
  for (const actor of ['runner', 'other_runner'] as const) {
    await call(tokens[actor], '/runners', bodyOf('POST /api/v1/runners'))
    await call(tokens[actor], '/runners/me/crates', bodyOf('POST /api/v1/runners/me/crates'))
    await call(tokens[actor], '/runners/me/online', place)
  }
  const order = bodyOf('POST /api/v1/bookings')
  const booking_id = String((await call(tokens.owner, '/bookings', order)).id)
  await call(tokens.runner, `/bookings/${booking_id}/accept`)
  await call(tokens.owner, '/payments/initiate', { booking_id, payment_method: 'pm_card_visa' })
  const pet_id = String((await call(tokens.owner, '/pets', bodyOf('POST /api/v1/pets'))).id)
  const shop_id = String((await call(tokens.shop, '/petshops', bodyOf('POST /api/v1/petshops'))).id)
  const notice_id = await noticeOf(stack.port, tokens.owner)
  const email = 'victim@kilat.test'
  const account = await call('', '/auth/register', { email, password, full_name: 'Victim', role: 'owner' })
  const ids = [
    ['/api/v1/admin/users', (account.user as { id: string }).id],
    ['/api/v1/admin/runners', idFor(1, known.indexOf('runner'))],
    ['/api/v1/pets/', pet_id],
    ['/api/v1/petshops/', shop_id],
    ['/api/v1/notifications/', notice_id],
  ] as const
  const at: Scene['at'] = ({ path }) => {
    const [, id = booking_id] = ids.find(([prefix]) => path.startsWith(prefix)) ?? []
    return path.replace(':id', id)
  }
  const looked = [
    `/bookings/${booking_id}`,
    `/payments/${booking_id}`,
    `/pets/${pet_id}`,
    `/chat/${booking_id}/messages`,
  ]
  const look = async () => {
    const told = await Promise.all(
      looked.map((path) => ask(stack.port, { path: `/api/v1${path}`, token: tokens.owner })),
    )
    return told.map(({ status, text }) => `${status} ${text}`).join('\n')
  }
  const past = { ...systemEnv('error'), now_ms: () => Date.now() - 3_600_000 }
  const expired = await mint.token(idFor(1, 0), 'owner', past)
  const people = await peopleOf(mint, call, order, honest)
  const refresh_token = String(account.refresh_token)
  return { port: stack.port, booking_id, tokens, at, people, expired, email, refresh_token, look }
}

async function peopleOf(mint: Mint, call: Call, order: object, count: number): Promise<readonly Honest[]> {
  const people: Honest[] = []
  for (let index = 1; index <= count; index++) {
    const token = await mint.token(idFor(2, index), 'owner')
    const { id } = await call(token, '/bookings', order)
    people.push({ token, booking_id: String(id), from: `127.77.0.${index}` })
  }
  return people
}

/** What the owner is told of the accept comes by an effect, a moment later. */
async function noticeOf(port: number, token: string): Promise<string> {
  const until_ms = performance.now() + 20_000
  while (performance.now() < until_ms) {
    const { text } = await ask(port, { path: '/api/v1/notifications', token })
    const { items } = (JSON.parse(text) as { data: { items: { id: string }[] } }).data
    if (items[0]) return items[0].id
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('nobody told the owner that his booking was accepted')
}
