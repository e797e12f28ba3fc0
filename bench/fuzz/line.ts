// A kept-alive connection that survives whatever is sent on it: one request in flight, made anew when it was closed.
import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly body: string
}

const answer_max_ms = 25_000

export class Line {
  readonly #port: number
  #socket: Socket | undefined
  #received = ''
  #bodyless = false
  #settle: ((answer: Answer | undefined) => void) | undefined

  constructor(port: number) {
    this.#port = port
  }

  /** The answer; undefined when the server closed without one. Rejects when it neither answers nor closes. */
  send(request: Uint8Array, bodyless: boolean): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.close()
        reject(new Error(`no answer within ${answer_max_ms} ms`))
      }, answer_max_ms)
      this.#bodyless = bodyless
      this.#settle = (answer) => {
        clearTimeout(timer)
        resolve(answer)
      }
      this.#open().write(request)
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #open(): Socket {
    if (this.#socket && !this.#socket.destroyed) return this.#socket
    const socket = connect(this.#port, '127.0.0.1')
    this.#socket = socket
    this.#received = ''
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#take()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#end(undefined)
    })
    return socket
  }

  #take(): void {
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#received.slice(0, end)
    const told = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    const length = this.#bodyless ? 0 : told
    if (this.#received.length < end + 4 + length) return
    const body = this.#received.slice(end + 4, end + 4 + length)
    this.#received = this.#received.slice(end + 4 + length)
    if (/\r\nconnection: *close/i.test(head)) {
      this.#socket?.destroy()
      this.#socket = undefined
    }
    this.#end({ status: Number(head.slice(9, 12)), body })
  }

  #end(answer: Answer | undefined): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(answer)
  }
}

/**
 * Does `work` for every item, in as many lanes as there are `seats`. After a failure no lane takes another item, and
 * it is thrown once all of them have come to rest: nothing of this batch reaches into the next one.
 */
export async function inLanes<Seat, Item>(
  seats: readonly Seat[],
  items: readonly Item[],
  work: (seat: Seat, item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const failures: unknown[] = []
  const lane = async (seat: Seat) => {
    for (const item of queue) {
      await work(seat, item).catch((error: unknown) => failures.push(error))
      if (failures.length > 0) return
    }
  }
  await Promise.all(seats.slice(0, items.length).map(lane))
  if (failures.length > 0) throw failures[0]
}

/** Writes bytes on a connection of their own, ends its side, and resolves with all that came back until it was closed. */
export function exchange(port: number, bytes: Uint8Array, within_ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`the connection was not closed within ${within_ms} ms`))
    }, within_ms)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      received += text
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(received)
    })
  })
}
