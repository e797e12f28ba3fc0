// Plays an app against a live door: every answer goes through the app's decoder, every call is written down.
import { expect } from 'vitest'
import { behaviours } from '../../../actors/behaviours.ts'
import { Probe } from '../../ws/probe.ts'
import { type Answered, startHttp, type TestHttp } from '../testing.ts'
import { type Decoder, record } from './decoders_testing.ts'

export type Fields = Readonly<Record<string, unknown>>

export const johor = { latitude: 1.4927, longitude: 103.7414 }
const kuala_lumpur = { latitude: 3.139, longitude: 101.6869 }
const address = (place: object) => ({
  line1: '1 Jalan Satu',
  line2: '',
  city: 'Kuala Lumpur',
  state: 'WP',
  postal_code: '',
  country: 'Malaysia',
  ...place,
})

/** As M's booking form sends it. */
export const order = {
  pet_spec: {
    pet_type: 'cat',
    breed: '',
    name: 'Tom',
    weight_kg: 4,
    age_months: 0,
    vaccinations: [],
    special_needs: '',
    photo_url: '',
  },
  pickup_address: address(johor),
  dropoff_address: address(kuala_lumpur),
  notes: '',
}
const vehicle = { vehicle_type: 'van', vehicle_plate: 'JHR 1', vehicle_model: 'Hiace', air_conditioned: true }
const crate = { size: 'medium', pet_types: ['cat', 'dog'], max_weight_kg: 20, ventilated: true }

/** One app on one phone, with the headers that it sends. */
export class AppPlayer {
  token = ''
  /** `METHOD /path/:id`, each once. */
  readonly calls = new Set<string>()
  readonly #http: TestHttp
  readonly #headers: Readonly<Record<string, string>>

  constructor(http: TestHttp, headers: Readonly<Record<string, string>> = {}) {
    this.#http = http
    this.#headers = headers
  }

  /** The answer, once it had this status and the app could read it. */
  async call(method: string, path: string, decode: Decoder, sent: unknown = undefined, status = 0) {
    const where = path.split('?')[0] ?? ''
    this.calls.add(
      `${method} ${where.replaceAll(/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/g, ':id')}`,
    )
    const answered = await this.#http.call(method, `/api/v1${path}`, {
      ...(this.token === '' ? {} : { token: this.token }),
      ...(sent === undefined ? {} : { body: sent }),
      headers: this.#headers,
    })
    if (status === 0) expect(answered.status, `${method} ${path}: ${answered.text}`).toBeLessThan(300)
    else expect(answered.status, `${method} ${path}: ${answered.text}`).toBe(status)
    decode(answered.body, `${method} ${path}`)
    return answered
  }
}

export const dataOf = ({ body }: Answered): Fields => body.data as Fields
export const rowsOf = ({ body }: Answered): readonly Fields[] => body.data as readonly Fields[]
/** What every app makes of a refusal. */
export const refusal = record({ error: (value, at) => expect(typeof value, at).toBe('string') })

/** A door with an owner and a runner who is ready to drive, both without an app. */
export async function stage() {
  const http = await startHttp(behaviours)
  const register = async (email: string, role: 'owner' | 'runner', password = 'a-long-password') => {
    const body = { email, password, full_name: `A ${role}`, role, phone: '+60123456789' }
    const made = await http.call('POST', '/api/v1/auth/register', { body })
    const { access_token: token, user } = dataOf(made) as { access_token: string; user: { id: string } }
    const send = (method: string, path: string, sent?: unknown) =>
      http.call(method, `/api/v1${path}`, { token, ...(sent === undefined ? {} : { body: sent }) })
    return { id: user.id, email, password, token, send }
  }
  const readyRunner = async (email: string, password?: string) => {
    const runner = await register(email, 'runner', password)
    await runner.send('POST', '/runners', vehicle)
    await runner.send('POST', '/runners/me/crates', crate)
    return runner
  }
  const book = async (owner: { send: Awaited<ReturnType<typeof register>>['send'] }) =>
    String(dataOf(await owner.send('POST', '/bookings', order)).id)
  const notify = (user_id: string, booking_id: string, effect_id = '1:1:0:0') =>
    http.doors.inbox.add(
      { effect_id, user_id, template: 'runner_assigned', booking_id, at_ms: http.env.now_ms() },
      1,
    )
  return { http, register, readyRunner, book, notify, stop: () => http.stop() }
}

export type Stage = Awaited<ReturnType<typeof stage>>

/** The feed of a booking, as this app opens it. `next` is the first frame that is JSON of this type. */
export async function watching({ http }: Stage, booking_id: string, token: string, user_agent: string) {
  const url = `${http.origin.replace('http', 'ws')}/ws/tracking/${booking_id}?token=${token}`
  const probe = await Probe.open(url, { 'user-agent': user_agent })
  const frames = () => probe.frames.map((frame) => JSON.parse(String(frame)) as Fields)
  const of = (type: string) => frames().filter((frame) => frame.type === type)
  const next = async (type: string) => {
    await probe.until(() => of(type).length > 0)
    return of(type)[0] as Fields
  }
  return { frames, next, close: () => probe.close() }
}
