import { frameOf } from './web_socket.ts'

const payload_bytes = 83
const head_bytes = 6
const boot_at = head_bytes + 5
const seq_at = boot_at + 36 + 5 + 2 + 1
const latitude_at = seq_at + 5
const longitude_at = latitude_at + 9
const time_at = longitude_at + 9

/** One live fix as a device's binary frame, made once and changed in place: a load generator has no time to encode. */
export class FixFrame {
  readonly bytes: Buffer

  constructor(boot: string) {
    const payload = Buffer.alloc(payload_bytes)
    this.bytes = frameOf(payload)
    const { bytes } = this
    bytes.set([0x94, 0xa1, 'f'.charCodeAt(0), 0xd9, 36], head_bytes)
    bytes.write(boot, boot_at, 'latin1')
    bytes.write('\xa4live\x91\x97\xce', boot_at + 36, 'latin1')
    for (const at of [latitude_at, longitude_at, time_at]) bytes[at - 1] = 0xcb
    // Accuracy 8 m, speed 40 km/h, heading north.
    bytes.set([8, 40, 0], time_at + 8)
  }

  /** The frame of this fix; the one before it must have been sent. */
  of(seq: number, latitude: number, longitude: number, at_ms: number): Buffer {
    const { bytes } = this
    bytes.writeUInt32BE(seq, seq_at)
    bytes.writeDoubleBE(latitude, latitude_at)
    bytes.writeDoubleBE(longitude, longitude_at)
    bytes.writeDoubleBE(at_ms, time_at)
    return bytes
  }
}

/** How many fixes a binary `acked` frame names, or undefined when the payload is another message. */
export function ackedIn(bytes: Buffer, start: number, end: number): number | undefined {
  if (bytes[start] !== 0x93 || bytes[start + 2] !== 'a'.charCodeAt(0)) return undefined
  let at = start + 5 + 36
  const head = bytes[at++] as number
  let left = head & 15
  if (head === 0xdc) {
    left = bytes.readUInt16BE(at)
    at += 2
  }
  let count = 0
  for (; left >= 2 && at < end; left -= 2) {
    const from = wholeAt(bytes, at)
    at += widthAt(bytes, at)
    const to = wholeAt(bytes, at)
    at += widthAt(bytes, at)
    count += to - from + 1
  }
  return count
}

const widths: Readonly<Record<number, number>> = { 204: 2, 205: 3, 206: 5 }
const widthAt = (bytes: Buffer, at: number) => widths[bytes[at] as number] ?? 1

function wholeAt(bytes: Buffer, at: number): number {
  const width = widthAt(bytes, at)
  return width === 1 ? (bytes[at] as number) : bytes.readUIntBE(at + 1, width - 1)
}
