import { connect, type Socket } from 'node:net'

const ping = 9
const pong = 10
/** Where every socket's bytes come to: each read is dealt with before the next one. */
const landing = Buffer.alloc(64 * 1024)
/** A mask of zeros is a mask: the payload is sent as it is. */
const mask_bytes = 4

/** Called with the opcode and the payload's place in `bytes`, which is valid inside the call only. */
export type OnFrame = (opcode: number, bytes: Buffer, start: number, end: number) => void

/** A WebSocket client that does no more than a load generator needs: no fragments, no masking cost, no copies. */
export class LoadSocket {
  readonly #socket: Socket
  readonly #onFrame: OnFrame
  #rest: Buffer | undefined
  #open = false

  private constructor(socket: Socket, onFrame: OnFrame) {
    this.#socket = socket
    this.#onFrame = onFrame
    socket.setNoDelay(true)
  }

  /** Connects and upgrades; rejects with the status line when the server says no. `closed` is called once it was open. */
  static open(port: number, path: string, onFrame: OnFrame, closed: () => void): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const take = (bytes: Buffer) => {
        if (client.#open) client.#take(bytes)
        else client.#upgrade(bytes, () => resolve(client), reject)
      }
      const callback = (count: number) => {
        take(landing.subarray(0, count))
        return true
      }
      const socket = connect({ port, host: '127.0.0.1', onread: { buffer: landing, callback } })
      const client = new LoadSocket(socket, onFrame)
      socket.on('connect', () => socket.write(handshake(path)))
      socket.on('error', reject)
      socket.on('close', () => (client.#open ? closed() : reject(new Error('closed before the upgrade'))))
    })
  }

  /** The kernel has taken all that was sent: nobody reads the bytes of a frame any more. */
  get idle(): boolean {
    return this.#socket.writableLength === 0
  }

  /** Sends a frame that `frameOf` made; its bytes must stay untouched until the socket is idle. */
  send(frame: Buffer): void {
    this.#socket.write(frame)
  }

  close(): void {
    this.#socket.destroy()
  }

  #upgrade(bytes: Buffer, resolve: () => void, reject: (why: Error) => void): void {
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes
    const end = all.indexOf('\r\n\r\n')
    this.#rest = Buffer.from(all)
    if (end < 0) return
    const line = all.toString('latin1', 0, all.indexOf('\r\n'))
    if (!line.includes(' 101 ')) {
      reject(new Error(line))
      this.#socket.destroy()
      return
    }
    this.#open = true
    this.#rest = undefined
    resolve()
    if (end + 4 < all.length) this.#take(all.subarray(end + 4))
  }

  #take(bytes: Buffer): void {
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes
    let at = 0
    for (;;) {
      const start = startOf(all, at)
      const end = start + lengthOf(all, at)
      if (start > all.length || end > all.length) break
      this.#frame((all[at] as number) & 15, all, start, end)
      at = end
    }
    this.#rest = at === all.length ? undefined : Buffer.from(all.subarray(at))
  }

  #frame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === ping) this.#socket.write(frameOf(Buffer.from(bytes.subarray(start, end)), pong))
    else this.#onFrame(opcode, bytes, start, end)
  }
}

/** Where the payload of the server's frame at `at` begins; beyond the end when its head is not whole. */
function startOf(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return bytes.length + 1
  const short = (bytes[at + 1] as number) & 127
  const head = short < 126 ? 2 : short === 126 ? 4 : 10
  return at + head > bytes.length ? bytes.length + 1 : at + head
}

function lengthOf(bytes: Buffer, at: number): number {
  if (startOf(bytes, at) > bytes.length) return 0
  const short = (bytes[at + 1] as number) & 127
  if (short < 126) return short
  return short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

/** A client's frame around a payload: binary, unless another opcode is given. */
export function frameOf(payload: Uint8Array, opcode = 2): Buffer {
  const head = payload.length < 126 ? 2 : 4
  const frame = Buffer.alloc(head + mask_bytes + payload.length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (head === 2 ? payload.length : 126)
  if (head === 4) frame.writeUInt16BE(payload.length, 2)
  frame.set(payload, head + mask_bytes)
  return frame
}

const handshake = (path: string) =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    '\r\n',
  ].join('\r\n')
