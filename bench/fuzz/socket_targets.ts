// Frames on the runner socket and the feed, and the requests that open them.
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { limits } from '../../protocols/limits.ts'
import { closeCodes } from '../../protocols/socket.ts'
import { encodeClient } from '../../protocols/socket_codec.ts'
import { edited, edits } from './edits.ts'
import type { Ground } from './http_target.ts'
import { exchange, inLanes } from './line.ts'
import type { RecordedFrame } from './recorded.ts'
import { type Fuzzed, fuzzed, insist, type Tally } from './target.ts'

export interface SocketGround extends Ground {
  /** Of runners. */
  readonly runner_tokens: readonly string[]
  /** Of the owner of `booking_id`. */
  readonly owner_token: string
  readonly booking_id: string
  readonly frames: readonly RecordedFrame[]
}

/** 1006: cut without a word, as a frame above the bound is; 1002, 1007 and 1009 are the protocol's own. */
const documented: ReadonlySet<number> = new Set([...Object.values(closeCodes), 1000, 1002, 1006, 1007, 1009])
const patience_ms = 20_000
const pong_marks: readonly string[] = ['"pong"', '\xa4pong']

/** How a batch on one socket ended: with the answer to a last ping, or with a close code. */
async function overSocket(url: string, frames: readonly RecordedFrame[], tally: Tally): Promise<void> {
  const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true })
  const ended = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a socket neither answered nor closed')), patience_ms)
    const end = (code: number) => {
      clearTimeout(timer)
      resolve(code)
    }
    socket.on('close', end)
    socket.on('error', () => undefined)
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      socket.terminate()
      end(response.statusCode ?? 0)
    })
    socket.on('pong', () => end(0))
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1')
      if (text.length < 200 && pong_marks.some((mark) => text.includes(mark)) && text.includes('7777')) end(0)
    })
    socket.on('open', () => {
      for (const { bytes, binary } of frames) socket.send(bytes, { binary })
      socket.send(encodeClient({ type: 'ping', at_ms: 7_777 }))
      socket.ping()
    })
  })
  const code = await ended
  socket.terminate()
  insist(code === 0 || documented.has(code) || (code >= 400 && code < 500), `a socket ended with ${code}`)
  tally(code === 0 ? 'answered' : `closed ${code}`)
}

/** A text that is no UTF-8 ends a socket at once, whatever comes behind it: most are made whole again. */
function changedFrames(frames: readonly RecordedFrame[], bytes_max: number) {
  return fc
    .tuple(fc.noBias(fc.nat(frames.length - 1)), edits, fc.noBias(fc.nat(255)))
    .map(([which, changes, twist]): RecordedFrame => {
      const { bytes, binary: was_binary } = frames[which] ?? { bytes: new Uint8Array(), binary: true }
      const changed = Buffer.from(edited(bytes, changes))
      const binary = twist < 25 ? !was_binary : was_binary
      const sent = binary || twist === 255 ? changed : Buffer.from(changed.toString())
      return {
        bytes: twist === 254 ? sent : sent.subarray(0, bytes_max),
        binary: binary || (!binary && sent.length > bytes_max),
      }
    })
}

export function runnerSocketTarget(ground: SocketGround): Fuzzed {
  let turn = 0
  return fuzzed({
    name: 'runner socket',
    share: 6,
    batch: 96,
    input: changedFrames(ground.frames, limits.socket_frame_bytes_max),
    async attempt(inputs, tally) {
      turn += 1
      const token = ground.runner_tokens[turn % ground.runner_tokens.length] ?? ''
      const format = turn % 3 === 0 ? '&format=json' : ''
      await overSocket(`ws://127.0.0.1:${ground.port}/ws/runner?token=${token}${format}`, inputs, tally)
    },
  })
}

export function feedTarget(ground: SocketGround): Fuzzed {
  return fuzzed({
    name: 'feed',
    share: 2,
    batch: 64,
    input: changedFrames(ground.frames, limits.feed_inbound_bytes_max),
    async attempt(inputs, tally) {
      const url = `ws://127.0.0.1:${ground.port}/ws/tracking/${ground.booking_id}?token=${ground.owner_token}`
      await overSocket(url, inputs, tally)
    },
  })
}

const upgrade_max_ms = 20_000

/** Requests that open sockets: let in, or refused as a problem, never with a fault. Frames that are hardly frames follow. */
export function upgradeTarget(ground: SocketGround): Fuzzed {
  const paths = [
    `/ws/runner?token=${ground.runner_tokens[0] ?? ''}`,
    `/ws/tracking/${ground.booking_id}?token=${ground.owner_token}&from=1`,
    `/ws/tracking/${ground.booking_id.toUpperCase()}?token=${ground.owner_token}`,
  ]
  const input = fc.record({
    path: fc.tuple(fc.nat(paths.length - 1), edits),
    origin: fc.constantFrom(
      '',
      'Origin: http://localhost:3002\r\n',
      'Origin: http://evil.test\r\n',
      'Origin: null\r\n',
    ),
    extensions: fc.constantFrom(
      '',
      'Sec-WebSocket-Extensions: permessage-deflate\r\n',
      'Sec-WebSocket-Protocol: x\r\n',
    ),
    frames: fc.uint8Array({ maxLength: 60 }),
  })
  return fuzzed({
    name: 'upgrades',
    share: 1,
    batch: 128,
    input,
    attempt: (inputs, tally) =>
      inLanes(Array.from({ length: knocks_at_once }), inputs, async (_seat, { path, ...rest }) => {
        const [which, changes] = path
        const target = edited(Buffer.from((paths[which] ?? '').slice(1)), changes)
        tally(await knock(ground.port, Buffer.from(target).toString('latin1'), rest))
      }),
  })
}

const knocks_at_once = 16

interface Knock {
  readonly origin: string
  readonly extensions: string
  readonly frames: Uint8Array
}

async function knock(port: number, target: string, { origin, extensions, frames }: Knock): Promise<string> {
  const head = [
    `GET /${target.replaceAll(/[^\x21-\x7e]/g, '%20')} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `${origin}${extensions}\r\n`,
  ].join('\r\n')
  const answer = await exchange(port, Buffer.concat([Buffer.from(head), frames]), upgrade_max_ms)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
  if (status === 503 && answer.includes('"overloaded"')) return '503 later'
  insist(status < 500, `an upgrade was answered ${answer.slice(0, 300)}`)
  return status === 0 ? 'closed' : String(status)
}
