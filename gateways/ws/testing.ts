// For tests of the sockets: a memory twin of the shards behind a real uWebSockets.js app on a free port.
import type { Env } from '../../engine/env.ts'
import type { Answer, Envelope, Near, Question, ShardHost, Shown, SignalNote } from '../../engine/host.ts'
import { systemEnv } from '../../engine/system_env.ts'
import type { Address, Message, Principal } from '../../protocols/actor.ts'
import type { Lists, WaypointView } from '../../protocols/lists.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import type { Config } from '../config.ts'
import type { Doors, Verified } from '../doors.ts'
import { App, us_listen_socket_close, us_socket_local_port } from '../uws.ts'
import { mountFeed } from './feed.ts'
import { mountRunnerSocket } from './runner.ts'

export const booking_id = '11111111-1111-4111-8111-1111111111ab'
export const owner: Principal = { id: '22222222-2222-4222-8222-222222222222', role: 'owner' }
export const runner: Principal = { id: '33333333-3333-4333-8333-333333333333', role: 'runner' }
export const rival: Principal = { id: '44444444-4444-4444-8444-444444444444', role: 'runner' }
export const admin: Principal = { id: '55555555-5555-4555-8555-555555555555', role: 'admin' }

const keyOf = ({ actor, id }: Address) => `${actor}/${id}`

/** Actors as far as the sockets see them: views, one accept a booking, and signals that a test may hold or refuse. */
export class MemoryHost implements ShardHost {
  readonly views = new Map<string, object>()
  readonly signals: SignalNote[] = []
  /** Every envelope that came, repeats too. */
  readonly envelopes: Envelope[] = []
  readonly shows: { of: Address; message: Message }[] = []
  near_runners: readonly Near[] = []
  readonly near_queries: object[] = []
  /** What a signal's `done` is called with; `hold` keeps them until `release`. */
  refuse: Rejection | undefined
  hold = false
  fault: Error | undefined
  readonly #held: (() => void)[] = []
  readonly #answers = new Map<string, Answer>()
  readonly #watchers = new Map<string, Set<(shown: Shown) => void>>()
  readonly #waiting: { ready: () => boolean; resolve: () => void }[] = []
  #seq = 0

  /** Resolves once `ready` holds; looked at after each call on the host. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }))
  }

  watchers(of: Address): number {
    return this.#watchers.get(keyOf(of))?.size ?? 0
  }

  async submit(envelope: Envelope): Promise<Answer> {
    this.envelopes.push(envelope)
    if (this.fault) throw this.fault
    const known = this.#answers.get(envelope.id)
    const answer = known ?? this.#decide(envelope)
    this.#answers.set(envelope.id, answer)
    this.#look()
    return answer
  }

  async ask({ to, by }: Question): Promise<Answer> {
    if (this.fault) throw this.fault
    const view = this.views.get(keyOf(to))
    this.#look()
    if (!view) return { ok: false, rejection: reject(`${to.actor}.not_found` as 'booking.not_found', '') }
    if (by.role === 'owner' && 'owner_id' in view && view.owner_id !== by.id)
      return { ok: false, rejection: reject('booking.not_yours', '') }
    return { ok: true, shard: 0, n: 1, view }
  }

  signal(note: SignalNote, done: (refused?: Rejection) => void): void {
    this.signals.push(note)
    const { refuse } = this
    if (this.hold) this.#held.push(() => done(refuse))
    else done(refuse)
    this.#look()
  }

  release(): void {
    for (const call of this.#held.splice(0)) call()
  }

  async near(query: object): Promise<readonly Near[]> {
    this.near_queries.push(query)
    return this.near_runners
  }

  watch(of: Address, listener: (shown: Shown) => void): () => void {
    const key = keyOf(of)
    const watching = this.#watchers.get(key) ?? new Set()
    this.#watchers.set(key, watching)
    watching.add(listener)
    this.#look()
    return () => {
      watching.delete(listener)
      this.#look()
    }
  }

  show(of: Address, message: Message): void {
    this.shows.push({ of, message })
    this.tell(of, message, 0)
  }

  /** An actor shows a message; with a `seq` above 0 it is a fact. */
  tell(of: Address, message: Message, seq = ++this.#seq, at_ms = Date.now()): void {
    const watching = this.#watchers.get(keyOf(of)) ?? []
    for (const listener of [...watching]) listener({ of, seq, message, by: runner, at_ms })
    this.#look()
  }

  #decide({ to, command, by }: Envelope): Answer {
    const view = this.views.get(keyOf(to)) ?? { id: to.id }
    if (command.type === 'booking.accept') {
      if (!('status' in view) || view.status !== 'requested')
        return { ok: false, rejection: reject('booking.lost_race', 'it is accepted') }
      const accepted = { ...view, status: 'accepted', runner_id: by.id }
      this.views.set(keyOf(to), accepted)
      return { ok: true, shard: 0, n: ++this.#seq, view: accepted }
    }
    return { ok: true, shard: 0, n: ++this.#seq, view }
  }

  #look(): void {
    for (const waiting of [...this.#waiting]) {
      if (!waiting.ready()) continue
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      waiting.resolve()
    }
  }
}

/** Tokens are `role:id:expires_ms`, or any other text for one that is not valid. */
export function tokenFor({ id, role }: Principal, expires_ms = Date.now() + 900_000): string {
  return `${role}:${id}:${expires_ms}`
}

async function verify(token: string): Promise<Verified | Rejection> {
  const [role, id, expires] = token.split(':')
  if (!role || !id || !expires) return reject('auth.invalid_token', '')
  if (Number(expires) < Date.now()) return reject('auth.expired', '')
  return { principal: { id, role: role as Principal['role'] }, email: '', expires_ms: Number(expires) }
}

type BanListener = (isBanned: (id: string) => boolean) => void

export interface TestServer {
  readonly host: MemoryHost
  readonly http_url: string
  readonly ws_url: string
  readonly noted: { user_id: string; n: number }[]
  readonly bookings: object[]
  readonly waypoints: WaypointView[]
  ban(id: string): void
  runners(): number
  watchers(): number
  stop(): Promise<void>
}

/** Both sockets on a free port of 127.0.0.1, on the system's clock but for what `clock` says. */
export async function startSockets(
  clock: Partial<Env> = {},
  config: Partial<Config> = { trusted_addresses: ['127.0.0.1'] },
): Promise<TestServer> {
  const host = new MemoryHost()
  const noted: TestServer['noted'] = []
  const bookings: object[] = []
  const waypoints: WaypointView[] = []
  const listeners: BanListener[] = []
  const lists: Lists = {
    bookings: async ({ with_open }) => {
      const items = bookings.filter(
        (each) => 'status' in each && (each.status === 'requested') === !!with_open,
      )
      return { items, total: items.length }
    },
    payments: async () => ({ items: [], total: 0 }),
    waypoints: async () => waypoints,
  }
  const doors = {
    host,
    lists,
    reads: { note: (user_id: string, _: number, n: number) => noted.push({ user_id, n }) },
    verifier: { verify, onBan: (call: BanListener) => void listeners.push(call) },
    env: { ...systemEnv('error'), log: () => {}, ...clock },
    config: { allowed_origins: ['http://localhost:3002'], ...config } as Partial<Config>,
  } as unknown as Doors
  const app = App()
  const runners = mountRunnerSocket(app, doors)
  const feed = mountFeed(app, doors)
  const port = await new Promise<number>((resolve, refuse) => {
    app.listen('127.0.0.1', 0, (socket) => {
      if (!socket) return refuse(new Error('no free port'))
      stops.push(() => us_listen_socket_close(socket))
      resolve(us_socket_local_port(socket))
    })
  })
  const [unlisten] = stops.splice(0)
  return {
    host,
    noted,
    bookings,
    waypoints,
    http_url: `http://127.0.0.1:${port}`,
    ws_url: `ws://127.0.0.1:${port}`,
    ban: (id) => {
      for (const call of listeners) call((asked) => asked === id)
    },
    runners: () => runners.count(),
    watchers: () => feed.count(),
    async stop() {
      unlisten?.()
      await Promise.all([runners.close(), feed.close()])
    },
  }
}

const stops: (() => void)[] = []
