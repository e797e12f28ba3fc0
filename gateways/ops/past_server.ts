/** The past on the live feed's own protocol, on a port of this machine alone: `kilat replay --speed`. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Told } from '../../engine/chronicle.ts'
import { tipsOf } from '../../engine/log_walk.ts'
import { merged } from '../../engine/merge.ts'
import { limits } from '../../protocols/limits.ts'
import { reject } from '../../protocols/rejections.ts'
import type { FeedDoors, Verifier } from '../doors.ts'
import { App, type ListenSocket, us_listen_socket_close, us_socket_local_port } from '../uws.ts'
import { mountFeed } from '../ws/feed.ts'
import { type Desk, type Log, Mistake, Misuse, textOf, type Verb, wholeOf } from './desk.ts'
import type { Choice } from './life.ts'
import { Past } from './past.ts'
import { toldIn } from './telling.ts'

const host = '127.0.0.1'
/** Whoever has the token of the moment sees what an admin sees. */
const viewer = { id: '00000000-0000-4000-8000-000000000000', role: 'admin' } as const

export interface PastServer {
  readonly port: number
  readonly token: string
  /** Bookings that take part in what was asked for, at most `limits.past_bookings_max`. */
  readonly bookings: readonly string[]
  /** Resolves when the past is over, or closed. */
  readonly over: Promise<void>
  close(): Promise<void>
}

interface Span {
  from_ms: number
  to_ms: number
  readonly bookings: Set<string>
}

async function* taleOf(desk: Desk, log: Log, tips: readonly number[]): AsyncGenerator<Told> {
  yield* merged(
    tips.map((tip, shard) => toldIn(desk, log, shard, tip)),
    ({ context }) => context.at_ms,
  )
}

/** When what was asked for began and ended, and which bookings took part. */
async function spanOf(desk: Desk, log: Log, tips: readonly number[], choice: Choice): Promise<Span> {
  const span: Span = { from_ms: Number.POSITIVE_INFINITY, to_ms: 0, bookings: new Set() }
  for (const [shard, tip] of tips.entries())
    for await (const told of toldIn(desk, log, shard, tip)) {
      const { at_ms } = told.context
      if (at_ms < choice.from_ms || at_ms > choice.to_ms || !choice.wants(told)) continue
      span.from_ms = Math.min(span.from_ms, at_ms)
      span.to_ms = Math.max(span.to_ms, at_ms)
      const { actor, id } = told.command.to
      if (actor === 'booking' && span.bookings.size < limits.past_bookings_max) span.bookings.add(id)
    }
  if (span.to_ms === 0) throw new Mistake('nothing in the log is of that, or names it')
  return span
}

async function* until(tale: AsyncIterable<Told>, to_ms: number): AsyncGenerator<Told> {
  for await (const told of tale) {
    if (told.context.at_ms > to_ms) return
    yield told
  }
}

function verifierOf(token: string): Verifier {
  const wanted = Buffer.from(token)
  return {
    verify: async (given) => {
      const shown = Buffer.from(given)
      const good = shown.length === wanted.length && timingSafeEqual(shown, wanted)
      return good
        ? { principal: viewer, email: '', expires_ms: Number.POSITIVE_INFINITY }
        : reject('auth.invalid_token', 'the token of this past is another one')
    },
    onBan: () => {},
  }
}

function serve(doors: FeedDoors, port: number) {
  const app = App()
  const feed = mountFeed(app, doors)
  return new Promise<{ port: number; close: () => Promise<void> }>((resolve, rejects) => {
    app.listen(host, port, (socket: ListenSocket | false) => {
      if (!socket) return rejects(new Mistake(`port ${port} cannot be had`))
      const close = async () => {
        us_listen_socket_close(socket)
        await feed.close()
        app.close()
      }
      resolve({ port: us_socket_local_port(socket), close })
    })
  })
}

/** Serves what was chosen. The clock starts with the first watcher, at the first thing that happened. */
export async function servePast(
  desk: Desk,
  choice: Choice,
  speed: number,
  port: number,
): Promise<PastServer> {
  const log = await desk.log()
  const tips = await tipsOf(log.journal, log.shards)
  const { from_ms, to_ms, bookings } = await spanOf(desk, log, tips, choice)
  const past = new Past({ env: desk.env, behaviours: desk.behaviours, shards: log.shards, speed, from_ms })
  const token = randomBytes(24).toString('base64url')
  const server = await serve(
    {
      host: past,
      verifier: verifierOf(token),
      env: { ...desk.env, now_ms: () => past.now_ms() },
      config: desk.config,
      lists: { waypoints: async () => [] },
    },
    port,
  )
  const over = past.play(until(taleOf(desk, log, tips), to_ms))
  return {
    port: server.port,
    token,
    bookings: [...bookings],
    over,
    close: async () => {
      past.close()
      await server.close()
      await over
    },
  }
}

/** `10x`, or `0.5`. */
function speedOf(text: string): number {
  const speed = /^\d+(\.\d+)?x?$/.test(text) ? Number.parseFloat(text) : 0
  if (speed <= 0 || speed > limits.past_speed_max)
    throw new Misuse(`--speed wants something like 10x, not ${text}`)
  return speed
}

/** `kilat replay --speed 10x`: until the past is over, or Ctrl-C. */
export const watchPast =
  (choice: Choice): Verb =>
  async (desk, words) => {
    const port = wholeOf(words, 'port') ?? limits.past_port
    const server = await servePast(desk, choice, speedOf(textOf(words, 'speed') ?? '1'), port)
    for (const id of server.bookings)
      desk.print(`ws://${host}:${server.port}/ws/tracking/${id}?token=${server.token}`)
    desk.note('the clock starts with the first watcher; Ctrl-C ends it')
    await server.over
    desk.note('the past is over')
    await new Promise<void>((resolve) => desk.env.after(limits.past_linger_ms, resolve))
    await server.close()
    return true
  }
