// A runner's device: reports fixes, gives commands, hears pushes. What the server has not acked survives a lost connection.
import type { Cancel } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import type { Fix } from '../../protocols/runner.ts'
import type { Lane, Problem, Range, ServerMessage, SocketCommand } from '../../protocols/socket.ts'
import { decodeServer, encodeClient, encodeFixes } from '../../protocols/socket_codec.ts'
import { Emitter } from './emitter.ts'
import { FixBuffer } from './fix_buffer.ts'
import { begun, type ClientEnv, Link, type TokenSource } from './link.ts'
import { PendingCommands } from './pending_commands.ts'
import { nodeSockets, type SocketFactory } from './sockets.ts'

export interface RunnerClientOptions {
  /** Like `ws://127.0.0.1:8080`. */
  readonly base_url: string
  readonly token: TokenSource
  readonly env: ClientEnv
  readonly sockets?: SocketFactory
}

type Push<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>

export interface RunnerClientEvents {
  welcome: Push<'welcome'>
  'booking.open': Push<'booking.open'>
  'booking.changed': Push<'booking.changed'>
  'runner.changed': Push<'runner.changed'>
  acked: { readonly count: number; readonly ranges: readonly Range[] }
  /** The server will not take these fixes; they are forgotten. */
  refused: { readonly count: number; readonly problem: Problem }
  /** There was no room for it any more. */
  dropped: Fix
  /** A refusal of something that was no command: a programming error. */
  complaint: Problem
  /** The connection goes on under a newer token. */
  renewed: { readonly expires_ms: number }
  lost: { readonly code: number }
  ended: { readonly code: number; readonly status: number }
}

/** How many fixes became what, since the start. `reported = acked + refused + dropped + waiting`. */
export interface FixCounts {
  readonly reported: number
  readonly acked: number
  readonly refused: number
  readonly dropped: number
  readonly waiting: number
}

type Handlers = { readonly [Type in ServerMessage['type']]: (message: Push<Type>) => void }

export class RunnerClient {
  /** Names this run of the device: fixes count up from 1 within it. */
  readonly boot: string
  readonly events = new Emitter<RunnerClientEvents>()
  readonly #options: RunnerClientOptions
  readonly #link: Link
  readonly #fixes = new FixBuffer()
  readonly #commands: PendingCommands
  #seq = 0
  #acked = 0
  #refused = 0
  #dropped = 0
  #welcomed = false
  #stop_tick: Cancel = () => {}
  #waiting: (() => void)[] = []

  constructor(options: RunnerClientOptions) {
    this.#options = options
    const { env, base_url, token } = options
    this.boot = env.uuid()
    this.#commands = new PendingCommands(env, (id, command) => {
      if (this.#welcomed) this.#link.send(encodeClient({ type: 'command', id, command }))
    })
    this.#link = new Link(
      {
        env,
        token,
        sockets: options.sockets ?? nodeSockets(),
        silence_ms: limits.client_silence_ms,
        url: (access) => `${base_url}/ws/runner?token=${encodeURIComponent(access)}`,
      },
      {
        opened: () => this.#tick(),
        message: (data) => this.#message(data),
        lost: (code) => {
          this.#lost()
          this.events.emit('lost', { code })
        },
        ended: (code, status) => {
          this.#lost()
          this.#commands.abandon('the client has ended')
          this.events.emit('ended', { code, status })
        },
      },
    )
  }

  get connected(): boolean {
    return this.#welcomed
  }

  get counts(): FixCounts {
    const [acked, refused, dropped, waiting] = [this.#acked, this.#refused, this.#dropped, this.#fixes.size]
    return { reported: this.#seq, acked, refused, dropped, waiting }
  }

  /** Connects, and reconnects until `close`. Resolves with the first welcome; rejects when the server refuses for good. */
  connect(): Promise<void> {
    return begun(this.#link, this.events, 'welcome')
  }

  /** Ends the connection. Commands without an answer are rejected as `Unanswered`. */
  close(): void {
    this.#link.stop()
  }

  /** Loses the connection as a tunnel does; it comes back by itself. */
  cut(): void {
    this.#link.cut()
  }

  /** Keeps a fix and sends it as soon as it can: live when connected, else later with the backlog. Gives its number. */
  report(fix: Omit<Fix, 'seq'>): number {
    const numbered = this.#keep(fix)
    if (this.#welcomed && this.#fixes.in_flight < limits.socket_unacked_max) this.#send('live', [numbered])
    return numbered.seq
  }

  /** Fixes that were kept elsewhere, oldest first: they go in the backlog lane. */
  reportBacklog(fixes: readonly Omit<Fix, 'seq'>[]): void {
    for (const fix of fixes) this.#keep(fix)
    this.#pump()
  }

  /**
   * Resolves with the actor's wire shape once the command is durable. Rejects with `Refused` (the server said no) or
   * `Unanswered`. It is sent again after a reconnect with the same id, and is carried out once.
   */
  command(command: SocketCommand, id = this.#options.env.uuid()): Promise<object> {
    return this.#commands.add(id, command)
  }

  /** Resolves when no fix waits for its answer. */
  drained(): Promise<void> {
    if (this.#fixes.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  readonly #handlers: Handlers = {
    welcome: (message) => {
      this.#welcomed = true
      this.#link.settled()
      this.#commands.resendAll()
      this.#sendNewest()
      this.#pump()
      this.events.emit('welcome', message)
    },
    acked: ({ boot, ranges }) => {
      if (boot !== this.boot) return
      const count = this.#fixes.settle(ranges)
      this.#acked += count
      this.events.emit('acked', { count, ranges })
      this.#settled()
    },
    refused: ({ boot, ranges, problem }) => {
      if (boot === this.boot) this.#refuse(ranges, problem)
    },
    result: ({ id, view }) => this.#commands.result(id, view),
    rejected: ({ id, problem }) => {
      if (id === undefined) this.events.emit('complaint', problem)
      else this.#commands.rejected(id, problem)
    },
    pong: () => {},
    'token.expiring': () => this.#renew(),
    'token.accepted': ({ expires_ms }) => this.events.emit('renewed', { expires_ms }),
    'booking.open': (message) => this.events.emit('booking.open', message),
    'booking.changed': (message) => this.events.emit('booking.changed', message),
    'runner.changed': (message) => this.events.emit('runner.changed', message),
  }

  #message(data: string | Uint8Array): void {
    const message = decodeServer(data)
    const handle = this.#handlers[message.type] as ((message: ServerMessage) => void) | undefined
    handle?.(message)
  }

  #keep(fix: Omit<Fix, 'seq'>): Fix {
    this.#seq += 1
    const numbered = { seq: this.#seq, ...fix }
    const dropped = this.#fixes.add(numbered)
    if (dropped) {
      this.#dropped += 1
      this.events.emit('dropped', dropped)
    }
    return numbered
  }

  #send(lane: Lane, fixes: readonly Fix[]): void {
    if (!this.#link.send(encodeFixes(this.boot, lane, fixes))) return
    const now_ms = this.#options.env.monotonic_ms()
    for (const { seq } of fixes) this.#fixes.sent(seq, now_ms)
  }

  /** Where the runner is now goes first, and live. */
  #sendNewest(): void {
    const newest = this.#fixes.newestUnsent()
    if (newest && this.#options.env.now_ms() - newest.at_ms < limits.client_live_ms)
      this.#send('live', [newest])
  }

  /** Sends what was not sent on this connection, within the window. */
  #pump(): void {
    while (this.#welcomed && this.#fixes.in_flight <= limits.client_window_fixes) {
      const fixes = this.#fixes.unsent(limits.fixes_per_frame_max)
      if (fixes.length === 0) return
      const before = this.#fixes.in_flight
      this.#send('backlog', fixes)
      if (this.#fixes.in_flight === before) return
    }
  }

  #refuse(ranges: readonly Range[], problem: Problem): void {
    const { env } = this.#options
    if (problem.retry_after_ms !== undefined) {
      env.after(problem.retry_after_ms * (1 + env.random()), () => {
        this.#fixes.unsend(ranges)
        this.#pump()
      })
      return
    }
    const count = this.#fixes.settle(ranges)
    this.#refused += count
    this.events.emit('refused', { count, problem })
    this.#settled()
  }

  #settled(): void {
    this.#pump()
    if (this.#fixes.size > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #lost(): void {
    this.#welcomed = false
    this.#stop_tick()
    this.#fixes.unsendBefore(Number.POSITIVE_INFINITY)
  }

  /** Keeps the link warm, and sends again what has had no answer for too long. */
  #tick(): void {
    const { env } = this.#options
    this.#link.send(encodeClient({ type: 'ping', at_ms: env.now_ms() }))
    this.#fixes.unsendBefore(env.monotonic_ms() - limits.client_ack_timeout_ms)
    this.#pump()
    const jitter = 0.75 + env.random() / 2
    this.#stop_tick = env.after(limits.client_ping_ms * jitter, () => this.#tick())
  }

  async #renew(): Promise<void> {
    const token = await this.#options.token(true).catch(() => '')
    if (token !== '') this.#link.send(encodeClient({ type: 'token', token }))
  }
}
