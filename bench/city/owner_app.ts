import { FeedClient } from '../../gateways/client/feed_client.ts'
import { HttpClient } from '../../gateways/client/http_client.ts'
import { nodeSockets } from '../../gateways/client/sockets.ts'
import { ask } from './asking.ts'
import type { CommandKind } from './ledger.ts'
import type { Random } from './random.ts'
import type { Place, Town } from './roads.ts'
import { environment, noteShown, type Person, type Plan, type Trip, type World } from './world.ts'

const sockets = nodeSockets()
const kinds = ['cat', 'dog', 'bird', 'rabbit', 'other'] as const

export interface AppOptions {
  readonly http_url: string
  readonly ws_url: string
  readonly person: Person
  token(fresh: boolean): Promise<string>
}

const renew_ms = 300

/** A REST client that speaks with tokens of ours instead of logging in; one that has ended is renewed once. */
export function clientOf({ http_url, token }: Pick<AppOptions, 'http_url' | 'token'>): HttpClient {
  return new HttpClient({
    base_url: http_url,
    env: environment,
    fetch: async (input, init) => {
      const send = async (fresh: boolean) => {
        const authorization = `Bearer ${await token(fresh)}`
        return fetch(input, { ...init, headers: { ...init?.headers, authorization } })
      }
      const response = await send(false)
      if (response.status !== 401) return response
      await response.arrayBuffer()
      await new Promise((resolve) => setTimeout(resolve, renew_ms))
      return send(true)
    },
  })
}

const address = (place: Place, town: Town) => ({
  line1: `${Math.round(Math.abs(place.latitude * 1e5) % 200)} Jalan ${town.name}`,
  line2: '',
  city: town.name,
  state: 'Malaysia',
  postal_code: '',
  country: 'Malaysia',
  latitude: place.latitude,
  longitude: place.longitude,
})

/** What the app of an owner does for him. */
export class OwnerApp {
  readonly person: Person
  readonly #world: World
  readonly #options: AppOptions
  readonly #http: HttpClient

  constructor(world: World, options: AppOptions) {
    this.person = options.person
    this.#world = world
    this.#options = options
    this.#http = clientOf(options)
  }

  /** The id of the new booking, or undefined when it was refused. The animal fits a large crate. */
  async request(plan: Plan, random: Random): Promise<string | undefined> {
    const body = {
      pet_spec: {
        pet_type: random.pick(kinds),
        name: plan.pet,
        weight_kg: Math.round(random.between(1, 28) * 10) / 10,
        age_months: random.whole(2, 150),
      },
      pickup_address: address(plan.pickup, plan.town),
      dropoff_address: address(plan.dropoff, plan.to_town),
      notes: '',
    }
    const key = this.#world.random.uuid()
    const view = await ask(this.#world, {
      kind: 'request',
      by: this.person.id,
      trip: undefined,
      on: idOf,
      send: async () => (await this.#http.post('/api/v1/bookings', body, key)).data,
    })
    if (!view) return undefined
    this.#world.ledger.requested.set(idOf(view), plan.pet)
    return idOf(view)
  }

  /** Confirms or cancels; true once the engine has acked. */
  async act(kind: Extract<CommandKind, 'confirm' | 'cancel'>, trip: Trip): Promise<boolean> {
    const key = this.#world.random.uuid()
    const before_ms = trip.ended_ms
    trip.ended_ms = Math.min(before_ms, performance.now())
    const body = kind === 'cancel' ? { reason: 'changed_mind' } : undefined
    const view = await ask(this.#world, {
      kind,
      by: this.person.id,
      trip,
      on: () => trip.id,
      send: async () => (await this.#http.post(`/api/v1/bookings/${trip.id}/${kind}`, body, key)).data,
    })
    // Picked up meanwhile: the trip goes on.
    if (!view && kind === 'cancel') trip.ended_ms = before_ms
    return view !== undefined
  }

  /** The booking's status as the engine tells it, or '' when it could not be asked. */
  async status(trip: Trip): Promise<string> {
    try {
      const { data } = await this.#http.get<{ status?: string }>(`/api/v1/bookings/${trip.id}`)
      return data.status ?? ''
    } catch {
      this.#world.ledger.retry('request', 'view')
      return ''
    }
  }

  /** Watches the feed until the returned function is called. */
  watch(trip: Trip): () => void {
    const { ws_url, token } = this.#options
    const { ledger } = this.#world
    const feed = new FeedClient({ base_url: ws_url, booking_id: trip.id, token, env: environment, sockets })
    let is_over = false
    feed.events.on('position', (frame) => noteShown(trip, frame, frame.at_ms, ledger))
    feed.connect().catch((error: Error) => {
      if (!is_over) ledger.error(`feed ${error.message}`)
    })
    return () => {
      is_over = true
      feed.close()
    }
  }
}

const idOf = (view: object): string => ('id' in view && typeof view.id === 'string' ? view.id : '')
