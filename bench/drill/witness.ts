// Somebody who stays with one engine, whatever becomes of it: what he is told must be true, or nothing.
import { Agent, type ClientRequest, request } from 'node:http'
import { nodeSockets } from '../../gateways/client/sockets.ts'
import type { Citizen } from '../city/population.ts'

export interface Told {
  /** 0: the connection ended without an answer. */
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Requests over connections of its own to one door, and a runner's socket there. */
export class Witness {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })
  /** The code that the socket was closed with, once it was. */
  socket_code: number | undefined

  constructor(url: string) {
    this.#url = url
  }

  /** Opens the runner's socket, and resolves when the engine has let him in. */
  async listen(runner: Citizen): Promise<void> {
    const token = await runner.token(false)
    const url = `${this.#url.replace('http', 'ws')}/ws/runner?token=${encodeURIComponent(token)}`
    return new Promise((resolve) => {
      nodeSockets()(url, {
        opened: resolve,
        heard: () => {},
        closed: (code) => {
          this.socket_code = code
          resolve()
        },
      })
    })
  }

  async ask(by: Citizen, method: 'GET' | 'POST', path: string, body?: object): Promise<Told> {
    const authorization = `Bearer ${await by.token(false)}`
    const headers = { authorization, 'content-type': 'application/json' }
    return new Promise((resolve) => {
      const nothing = () => resolve({ status: 0, body: {} })
      const sent: ClientRequest = request(`${this.#url}${path}`, { method, headers, agent: this.#agent })
      sent.on('error', nothing)
      sent.on('response', (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString('utf8')
        })
        response.on('error', nothing)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }))
      })
      sent.end(body ? JSON.stringify(body) : undefined)
    })
  }

  leave(): void {
    this.#agent.destroy()
  }
}

function parsed(text: string): Told['body'] {
  try {
    const body = JSON.parse(text) as Told['body']
    return typeof body.data === 'object' && body.data !== null ? (body.data as Told['body']) : body
  } catch {
    return {}
  }
}
