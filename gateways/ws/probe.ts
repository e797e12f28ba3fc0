// A bare WebSocket for tests: keeps what it hears, and lets a test wait for it.
import { WebSocket } from 'ws'
import type { ServerMessage } from '../../protocols/socket.ts'
import { decodeServer } from '../../protocols/socket_codec.ts'

export class Probe {
  readonly frames: (string | Uint8Array)[] = []
  pings = 0
  readonly #socket: WebSocket
  #waiting: (() => void)[] = []
  #closed: number | undefined

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer, is_binary: boolean) => {
      this.frames.push(is_binary ? data : data.toString())
      this.#look()
    })
    socket.on('ping', () => {
      this.pings += 1
      this.#look()
    })
    socket.on('error', () => {})
    socket.on('close', (code: number) => {
      this.#closed = code
      this.#look()
    })
  }

  /** Resolves once open; rejects with the HTTP answer otherwise. */
  static open(url: string, headers: Record<string, string> = {}, autoPong = true): Promise<Probe> {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, autoPong })
    const probe = new Probe(socket)
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(probe))
      socket.once('error', reject)
    })
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data)
  }

  /** Stops or resumes reading from the network. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.close()
  }

  get messages(): ServerMessage[] {
    return this.frames.map(decodeServer)
  }

  /** The first message of this type, now or when it comes; after the first `skip` of them. */
  async heard<Type extends ServerMessage['type']>(type: Type, skip = 0) {
    await this.until(() => this.messages.filter((message) => message.type === type).length > skip)
    return this.messages.filter((message) => message.type === type)[skip] as Extract<
      ServerMessage,
      { type: Type }
    >
  }

  async until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      if (this.#closed !== undefined) throw new Error(`closed with ${this.#closed}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** The close code. */
  async closed(): Promise<number> {
    while (this.#closed === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.#closed
  }

  #look(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** The answer to a handshake as HTTP. */
export async function knock(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  return new Promise<{ status: number; body: string; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      socket.once('open', () => {
        socket.close()
        resolve({ status: 101, body: '', headers: {} })
      })
      socket.once('unexpected-response', async (_request, response) => {
        let body = ''
        for await (const chunk of response) body += String(chunk)
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers })
      })
      socket.once('error', reject)
    },
  )
}
