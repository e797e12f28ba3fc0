// Listens in on the way to an engine: what clients send while a story is played there is what mutations start from.

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import type { RecordedFrame, RecordedRequest } from './recorded.ts'

/** Bytes of one connection that are looked at. */
const listened_bytes_max = 512 * 1024
const recorded_max = 400

export interface Tap {
  readonly port: number
  /** What has been heard so far. */
  heard(): { readonly requests: readonly RecordedRequest[]; readonly frames: readonly RecordedFrame[] }
  close(): Promise<void>
}

/** A port of its own whose connections go on to `port`. */
export async function openTap(port: number): Promise<Tap> {
  const chunks: Buffer[][] = []
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const engine = connect(port, '127.0.0.1')
    const own: Buffer[] = []
    let size = 0
    chunks.push(own)
    open.add(client)
    client.on('data', (bytes) => {
      size += bytes.length
      if (size <= listened_bytes_max) own.push(bytes)
    })
    client.pipe(engine).pipe(client)
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    client.on('close', () => open.delete(client))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    heard() {
      const found = chunks.map((own) => heardIn(Buffer.concat(own)))
      return {
        requests: found.flatMap(({ requests }) => requests).slice(0, recorded_max),
        frames: found.flatMap(({ frames }) => frames).slice(0, recorded_max),
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const client of open) client.destroy()
        server.close(() => resolve())
      }),
  }
}

interface Heard {
  readonly requests: readonly RecordedRequest[]
  readonly frames: readonly RecordedFrame[]
}

/** The requests of one connection, and the frames that follow once one of them has opened a socket. */
function heardIn(bytes: Buffer): Heard {
  const requests: RecordedRequest[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end < 0) return { requests, frames: [] }
    const [line = '', ...fields] = bytes.toString('latin1', at, end).split('\r\n')
    const headers = Object.fromEntries(fields.map(fieldOf))
    if (headers.upgrade !== undefined) return { requests, frames: framesIn(bytes, end + 4) }
    const length = Number(headers['content-length'] ?? 0)
    const [method = '', target = ''] = line.split(' ')
    const [path = '', query = ''] = target.split('?')
    requests.push({ method, path, query, body: bytes.toString('latin1', end + 4, end + 4 + length) })
    at = end + 4 + length
  }
}

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

/** A client's frames, unmasked; control frames are left out. */
function framesIn(bytes: Buffer, from: number): readonly RecordedFrame[] {
  const frames: RecordedFrame[] = []
  for (let at = from; at + 6 <= bytes.length; ) {
    const opcode = (bytes[at] ?? 0) & 15
    const { head, length } = sizeAt(bytes, at)
    const start = at + head + 4
    const mask = bytes.subarray(at + head, start)
    const masked = bytes.subarray(start, start + length)
    const payload = Uint8Array.from(masked, (byte, index) => byte ^ (mask[index % 4] ?? 0))
    if (opcode === 1 || opcode === 2) frames.push({ binary: opcode === 2, bytes: payload })
    at = start + length
  }
  return frames
}

/** How long the head of a frame is, without its mask, and its payload. */
function sizeAt(bytes: Buffer, at: number): { readonly head: number; readonly length: number } {
  const short = (bytes[at + 1] ?? 0) & 127
  if (short === 126) return { head: 4, length: bytes.readUInt16BE(at + 2) }
  if (short === 127) return { head: 10, length: Number(bytes.readBigUInt64BE(at + 2)) }
  return { head: 2, length: short }
}
