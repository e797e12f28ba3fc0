import { Refused } from '../../gateways/client/pending_commands.ts'
import { clientOf } from '../city/owner_app.ts'
import type { Citizen } from '../city/population.ts'
import { isReady } from '../stack.ts'

const patience_ms = 2_000

/** Tells whether an engine really serves: it is ready, a command of the prober becomes durable, and a list is answered. */
export class Probe {
  readonly #url: string
  readonly #prober: Citizen
  #steps = 0

  constructor(url: string, prober: Citizen) {
    this.#url = url
    this.#prober = prober
  }

  /** The prober becomes a runner, far from everybody. Rejects when the engine refuses. */
  async settle(): Promise<void> {
    const profile = { full_name: 'Prober', vehicle_type: 'car', vehicle_plate: 'P 1', vehicle_model: 'Saga' }
    const http = clientOf({ http_url: this.#url, token: this.#prober.token })
    await http.post('/api/v1/runners', profile).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
    })
  }

  async serves(): Promise<boolean> {
    if (!(await isReady(this.#url))) return false
    this.#steps += 1
    const place = { latitude: 6 + this.#steps / 1e5, longitude: 100.2 }
    return (
      (await this.#call('POST', '/runners/me/online', place)) && this.#call('GET', '/bookings?page=1&limit=1')
    )
  }

  async #call(method: string, path: string, body?: object): Promise<boolean> {
    const headers = {
      authorization: `Bearer ${await this.#prober.token(false)}`,
      'content-type': 'application/json',
    }
    const signal = AbortSignal.timeout(patience_ms)
    const init = { method, headers, signal, ...(body ? { body: JSON.stringify(body) } : {}) }
    return fetch(`${this.#url}/api/v1${path}`, init).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
  }
}
