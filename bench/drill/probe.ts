import { request } from 'node:http'
import { Refused } from '../../gateways/client/pending_commands.ts'
import { clientOf } from '../city/owner_app.ts'
import type { Citizen } from '../city/population.ts'

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
    this.#steps += 1
    const place = { latitude: 6 + this.#steps / 1e5, longitude: 100.2 }
    return (
      (await this.#call('GET', '/readiness')) &&
      (await this.#call('POST', '/api/v1/runners/me/online', place)) &&
      this.#call('GET', '/api/v1/bookings?page=1&limit=1')
    )
  }

  /**
   * Each call has a connection of its own: behind a balancer the kept ones of a pool lead to an engine that stands still,
   * and trying them one after the other tells how many there are, not when somebody serves again.
   */
  async #call(method: string, path: string, body?: object): Promise<boolean> {
    const headers = {
      authorization: `Bearer ${await this.#prober.token(false)}`,
      'content-type': 'application/json',
    }
    const signal = AbortSignal.timeout(patience_ms)
    return new Promise((resolve) => {
      const sent = request(`${this.#url}${path}`, { method, headers, agent: false, signal })
      const lost = () => resolve(false)
      sent.on('error', lost)
      sent.on('response', (response) => {
        response.on('error', lost)
        response.on('end', () => resolve(response.statusCode !== undefined && response.statusCode < 300))
        response.resume()
      })
      sent.end(body ? JSON.stringify(body) : undefined)
    })
  }
}
