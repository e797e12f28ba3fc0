// Clients who are a burden: they do not read what they asked for, take forever, or vanish without a word.
import { connect, type Socket } from 'node:net'
import type { Citizen } from '../city/population.ts'

const documents_asked = 40
const drip_ms = 500

const handshake = (path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n')

/** An unmasked-looking text frame: a mask of zeros is a mask. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

/** All of them on one door. They end with `leave`. */
export class Burdens {
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  readonly #timers: NodeJS.Timeout[] = []
  #closed = 0

  constructor(url: string) {
    this.#port = Number(new URL(url).port)
  }

  /** Connections that the engine has closed. */
  get closed(): number {
    return this.#closed
  }

  get open(): number {
    return this.#sockets.size
  }

  /** Asks for a large document again and again in one breath, and reads none of it. */
  documents(): void {
    const request = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
    this.#open((socket) => {
      socket.pause()
      socket.write(request.repeat(documents_asked))
    })
  }

  /** A runner's socket that is never read while it asks for an answer fifty times a second. */
  async deafRunner(runner: Citizen): Promise<void> {
    const token = encodeURIComponent(await runner.token(false))
    this.#open((socket) => {
      socket.pause()
      socket.write(handshake(`/ws/runner?format=json&token=${token}`))
      this.#every(20, () => socket.write(textFrame(JSON.stringify({ type: 'ping', at_ms: 1 }))))
    })
  }

  /** A feed that is never read. */
  async deafWatcher(owner: Citizen, booking_id: string): Promise<void> {
    const token = encodeURIComponent(await owner.token(false))
    this.#open((socket) => {
      socket.pause()
      socket.write(handshake(`/ws/tracking/${booking_id}?token=${token}`))
    })
  }

  /** A body that comes letter by letter. */
  drip(): void {
    this.#open((socket) => {
      socket.resume()
      socket.write(
        'POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{',
      )
      this.#every(drip_ms, () => socket.write(' '))
    })
  }

  leave(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const socket of this.#sockets) socket.destroy()
  }

  #every(ms: number, call: () => void): void {
    this.#timers.push(setInterval(call, ms))
  }

  #open(begin: (socket: Socket) => void): void {
    const socket = connect(this.#port, '127.0.0.1')
    this.#sockets.add(socket)
    socket.on('connect', () => begin(socket))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed += 1
      this.#sockets.delete(socket)
    })
  }
}
