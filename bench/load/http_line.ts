import { connect, type Socket } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

interface Pending {
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (why: Error) => void
}

/** One kept-alive connection with one request in flight at a time: as cheap as a load generator can be. */
export class HttpLine {
  readonly #socket: Socket
  #received = ''
  #pending: Pending | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#take()
    })
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  static open(port: number): Promise<HttpLine> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new HttpLine(socket))
      })
    })
  }

  /** Sends what `requestOf` made. Rejects when the connection ends before the answer is whole. */
  send(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#pending) return reject(new Error('a request is in flight'))
      this.#pending = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#pending = undefined
    this.#socket.destroy()
  }

  #take(): void {
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#received.slice(0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#received.length < end + 4 + length) return
    const body = this.#received.slice(end + 4, end + 4 + length)
    this.#received = this.#received.slice(end + 4 + length)
    const pending = this.#pending
    this.#pending = undefined
    pending?.resolve({ status: Number(head.slice(9, 12)), body })
  }

  #fail(why: Error): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.reject(why)
  }
}

/** A whole request, encoded once. `body` is sent as JSON. */
export function requestOf(method: string, path: string, token: string, body?: object): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body)
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
    ...(text === '' ? [] : ['Content-Type: application/json']),
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}

/** Does `work` for every item, on `lines` connections at once. */
export async function overLines<Item>(
  port: number,
  lines: number,
  items: readonly Item[],
  work: (line: HttpLine, item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const one = async () => {
    const line = await HttpLine.open(port)
    try {
      for (const item of queue) await work(line, item)
    } finally {
      line.close()
    }
  }
  await Promise.all(Array.from({ length: Math.min(lines, items.length) }, one))
}
