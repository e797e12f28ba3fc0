/** The HTTP door of one thread without its sockets: real routes, real commands, and an auditor who reads every answer. */
import type { ShardHost } from '../../engine/host.ts'
import { Fault } from '../../engine/ports.ts'
import { bookingEndpoints } from '../../gateways/http/bookings.ts'
import { command, query } from '../../gateways/http/commands.ts'
import { openPaymentEndpoints, paymentEndpoints } from '../../gateways/http/payments.ts'
import type { Reply } from '../../gateways/http/reply.ts'
import type { HttpDoors, KnownRequest } from '../../gateways/http/request.ts'
import { type Method, type Route, routes } from '../../gateways/http/routes.ts'
import { TimeTable } from '../../gateways/http/shared.ts'
import { signatureOf } from '../../gateways/stripe/sandbox/webhooks.ts'
import type { Principal } from '../../protocols/actor.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { Auditor } from './auditor.ts'
import { access } from './provider.ts'

/** A request as it leaves a client. */
export interface Call {
  readonly by: Principal
  readonly method: Method
  /** As the table of routes has it. */
  readonly path: string
  readonly id: string
  readonly body: Readonly<Record<string, unknown>>
  readonly key: string
  /** Behind the question mark. */
  readonly query?: string
}

/** As much of the doors as these routes stand on. */
export type DoorParts = Pick<
  HttpDoors,
  'accounts' | 'env' | 'host' | 'lists' | 'reads' | 'routing' | 'vault' | 'webhooks'
> & {
  readonly config: Pick<HttpDoors['config'], 'public_url'>
}

const by_path = new Map<string, Route>(routes.map((route) => [`${route.method} ${route.path}`, route]))
const repeats_slots = 1_024

/** What our calls have in common with every other. */
const common: Omit<KnownRequest, 'by' | 'method' | 'path' | 'query' | 'ids' | 'body' | 'idempotency_key'> = {
  languages: '',
  address: '',
  session: '',
  csrf: '',
  caller: '',
  token: '',
  is_forwarded: false,
  raw: new Uint8Array(),
  signature: '',
}

const nobody = {
  method: 'POST',
  path: '',
  query: new URLSearchParams(),
  ids: {},
  body: {},
  idempotency_key: '',
}

export class Door {
  readonly #doors: HttpDoors
  readonly #repeats = new TimeTable(new SharedArrayBuffer(8 * repeats_slots), 0, repeats_slots)

  constructor(doors: DoorParts) {
    this.#doors = doors as HttpDoors
  }

  /** What `server.ts` does once the token is verified and the body is in. A Fault is ours: the client hears `unavailable`. */
  async serve({ by, method, path, id, body, key, query: asked }: Call): Promise<Reply | Rejection> {
    const route = by_path.get(`${method} ${path}`)
    if (!route) throw new Error(`no route is ${method} ${path}`)
    if (route.roles !== 'public' && !route.roles.some((role) => role === by.role))
      return reject('auth.role', '')
    const query_params = new URLSearchParams(asked)
    const head = { by, method, path, ids: { id }, query: query_params, idempotency_key: key }
    const request: KnownRequest = { ...common, ...head, body }
    try {
      if ('command' in route) return await command(route, request, this.#doors, this.#repeats)
      if ('query' in route) return await query(route, request, this.#doors)
      if (route.endpoint === 'bookings') return await bookingEndpoints.bookings(request, this.#doors)
      if (route.endpoint === 'initiatePayment')
        return await paymentEndpoints.initiatePayment(request, this.#doors)
    } catch (error) {
      // A bug is no fault: taken for one it would be asked again for ever.
      if (!(error instanceof Fault)) throw error
      return reject('unavailable', '')
    }
    throw new Error(`${path} is no command and no query`)
  }

  /** The provider tells something; it is answered 200 once that is durable. */
  async hear(payload: string): Promise<boolean> {
    const raw = Buffer.from(payload)
    // The reader holds signatures against the real clock; nothing else of it depends on when this is.
    const signature = signatureOf(payload, access.webhook_secret, Date.now())
    const heard = await openPaymentEndpoints
      .paymentWebhook({ ...common, ...nobody, raw, signature }, this.#doors)
      .catch(() => undefined)
    return heard !== undefined && !isRefusal(heard)
  }
}

/** A host whose answers the auditor sees before anybody else does. */
export const watched = (host: ShardHost, auditor: Auditor): ShardHost => ({
  submit: async (envelope) => {
    const answer = await host.submit(envelope)
    auditor.answered(envelope.to, answer)
    return answer
  },
  ask: async (question) => {
    const answer = await host.ask(question)
    auditor.answered(question.to, answer)
    return answer
  },
  signal: (note, done) => host.signal(note, done),
  near: (near) => host.near(near),
  watch: (of, listener) =>
    host.watch(of, (shown) => {
      auditor.shown(shown)
      listener(shown)
    }),
  show: (of, message) => host.show(of, message),
})
