import { HttpClient } from '../../gateways/client/http_client.ts'
import { Refused } from '../../gateways/client/pending_commands.ts'
import { RunnerClient } from '../../gateways/client/runner_client.ts'
import { Unexpected } from './narrator.ts'
import type { Stage } from './stage.ts'

export interface Place {
  readonly latitude: number
  readonly longitude: number
}
export const johor_bahru: Place = { latitude: 1.4927, longitude: 103.7414 }
export const kuala_lumpur: Place = { latitude: 3.139, longitude: 101.6869 }

const day_ms = 86_400_000
const vehicle = { vehicle_type: 'car', vehicle_plate: 'JQK 1', vehicle_model: 'Myvi', vehicle_year: 2022 }
const crate = { size: 'medium', pet_types: ['cat', 'dog'], max_weight_kg: 20, ventilated: true }

/** The fields of a booking that a story looks at. */
export interface Booking {
  readonly id: string
  readonly booking_number: string
  readonly status: string
  readonly runner_id: string | null
  readonly estimated_price_cents: number
  readonly final_price_cents: number | null
  readonly high_tier: boolean
  readonly quote: {
    readonly strategy: string
    readonly policy_version: number
    readonly distance_km: number
    readonly parts: Readonly<Record<string, number>>
  }
  readonly itinerary?: {
    readonly distance_km: number
    readonly duration_min: number
    readonly source: string
  }
}

/** Of a booking as a push shows it. */
export const idOf = (booking: object): unknown => ('id' in booking ? booking.id : undefined)

/** Somebody with an account. Each call is told, and its status held against what it should be. */
export class Person {
  readonly name: string
  readonly id: string
  readonly http: HttpClient
  readonly #stage: Stage

  private constructor(stage: Stage, name: string, id: string, http: HttpClient) {
    this.#stage = stage
    this.name = name
    this.id = id
    this.http = http
  }

  /** Registers a new account. */
  static async arrive(stage: Stage, name: string, role: 'owner' | 'runner'): Promise<Person> {
    const { url, env, told } = stage
    const http = new HttpClient({ base_url: url, env })
    const email = `${name.toLowerCase()}-${env.uuid()}@example.com`
    const { user } = await http.register({ email, password: env.uuid(), full_name: name, role })
    told.say('http', `POST /api/v1/auth/register  201  ${name} is registered as ${role}`)
    return new Person(stage, name, user.id, http)
  }

  /** The data of the answer, which must have this status. Rejects with `Unexpected`. */
  async call<Data = Booking>(status: number, method: string, path: string, body?: object): Promise<Data> {
    const { told } = this.#stage
    const line = `${method} ${path}`
    const reply = await this.http
      .request<Data>(method, path, body ? { body } : {})
      .catch((reason: unknown) => {
        throw new Unexpected(
          `${line} by ${this.name}: ${reason instanceof Error ? reason.message : String(reason)}`,
        )
      })
    told.say('http', `${line}  ${reply.status}  ${this.name}${standing(reply.data)}`)
    told.expect(`the status of ${line}`, reply.status, status)
    return reply.data
  }

  /** The call must be refused with this code. */
  async refused(code: string, method: string, path: string, body?: object): Promise<void> {
    const { told } = this.#stage
    const line = `${method} ${path}`
    const problem = await this.http.request(method, path, body ? { body } : {}).then(
      ({ status }) => ({ status, code: 'no refusal', title: '' }),
      (reason: unknown) => {
        if (reason instanceof Refused) return reason.problem
        throw reason
      },
    )
    told.say('http', `${line}  ${problem.status}  ${this.name}: ${problem.code}, ${problem.title}`)
    told.expect(`the answer to ${line}`, problem.code, code)
  }
}

const standing = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'status' in data ? `: ${data.status}` : ''

/** Registered, with a car and a crate, and online at the place. */
export async function readyRunner(stage: Stage, name: string, at: Place = johor_bahru): Promise<Person> {
  const runner = await Person.arrive(stage, name, 'runner')
  await runner.call(201, 'POST', '/api/v1/runners', vehicle)
  await runner.call(201, 'POST', '/api/v1/runners/me/crates', crate)
  await runner.call(200, 'POST', '/api/v1/runners/me/online', at)
  return runner
}

/** His phone, connected. Whoever opens it closes it. */
export async function phoneOf({ url, env, told }: Stage, runner: Person): Promise<RunnerClient> {
  const phone = new RunnerClient({ base_url: url.replace(/^http/, 'ws'), token: runner.http.token, env })
  await phone.connect()
  told.say('socket', `/ws/runner  ${runner.name}'s phone is connected`)
  return phone
}

const address = (line1: string, city: string, state: string, place: Place) => ({
  line1,
  city,
  state,
  country: 'Malaysia',
  ...place,
})

/** A cat that is fit, with a vaccination of `days` ago, from Johor Bahru to Kuala Lumpur. */
export const orderOf = ({ env }: Stage, days = 90, health_status = 'fit') => ({
  pet_spec: {
    pet_type: 'cat',
    breed: 'Domestic Shorthair',
    name: 'Tompok',
    weight_kg: 4,
    age_months: 30,
    health_status,
    vaccinations: [
      {
        vaccine_name: 'FVRCP',
        date_given: new Date(env.now_ms() - days * day_ms).toISOString(),
        vet_name: 'Dr. Lim',
      },
    ],
  },
  pickup_address: address('1 Jalan Wong Ah Fook', 'Johor Bahru', 'Johor', johor_bahru),
  dropoff_address: address('1 Jalan Ampang', 'Kuala Lumpur', 'WP Kuala Lumpur', kuala_lumpur),
  notes: 'she is shy',
})
