// One runner's socket: what he sends goes to the actors, and what they answer goes back, each within its bound.
import type { Principal } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, overloaded, type Rejection, reject } from '../../protocols/rejections.ts'
import { closeCodes, type ServerMessage, type SocketCommand } from '../../protocols/socket.ts'
import {
  type ClientFrame,
  decodeClient,
  encodeServer,
  type FixesFrame,
} from '../../protocols/socket_codec.ts'
import type { Doors, Verified } from '../doors.ts'
import { keyedId } from '../http/command_id.ts'
import { problem } from '../http/problem.ts'
import type { WebSocket } from '../uws.ts'
import { Budget } from './budget.ts'
import { rangesOf } from './ranges.ts'
import { type Seated, unavailable } from './upgrade.ts'

const instance = '/ws/runner'
const minute_ms = 60_000

/** What a connection shares with the others of its thread. */
export interface Desk {
  readonly doors: Doors
  /** Has `flush` called at the end of this loop turn. */
  dirty(connection: RunnerConnection): void
  /** The runner went online at this place. */
  online(connection: RunnerConnection, latitude: number, longitude: number): void
}

export class RunnerConnection {
  readonly by: Principal
  readonly #desk: Desk
  readonly #budget: Budget
  readonly #bytes: Budget
  /** By boot: one, but for the turn in which a device starts anew. */
  #acked: { readonly boot: string; readonly seqs: number[] }[] = []
  #socket: WebSocket<Seated<RunnerConnection>> | undefined
  #binary: boolean
  /** Of the last fixes. */
  #boot: string | undefined
  #expires_ms: number
  /** What was sent waits for the socket. */
  #pressed = false
  #warned = false
  #verifying = false
  #acks = 0
  #unacked = 0
  #commands = 0
  #faults = 0
  #faults_since_ms = 0

  constructor(desk: Desk, verified: Verified, binary: boolean) {
    this.#desk = desk
    this.by = verified.principal
    this.#expires_ms = verified.expires_ms
    this.#binary = binary
    const now_ms = desk.doors.env.monotonic_ms()
    this.#budget = new Budget(limits.socket_frames_per_second, limits.socket_frames_burst, now_ms)
    this.#bytes = new Budget(limits.socket_bytes_per_second, limits.socket_bytes_burst, now_ms)
  }

  open(socket: WebSocket<Seated<RunnerConnection>>): void {
    this.#socket = socket
    this.send({
      type: 'welcome',
      runner_id: this.by.id,
      at_ms: this.#desk.doors.env.now_ms(),
      expires_ms: this.#expires_ms,
      fixes_per_frame_max: limits.fixes_per_frame_max,
      unacked_max: limits.socket_unacked_max,
      frames_per_second: limits.socket_frames_per_second,
      cadence: limits.cadence,
    })
    this.sweep(this.#desk.doors.env.now_ms())
  }

  /** The socket is gone: nothing may touch it any more. */
  closed(): void {
    this.#socket = undefined
    this.#acked = []
  }

  close(code: number, reason: string): void {
    this.#socket?.end(code, reason)
  }

  send(message: ServerMessage): void {
    if (!this.#socket) return
    const sent = this.#socket.send(encodeServer(message, this.#binary), this.#binary)
    this.#pressed = sent !== 1
    if (sent === 2) this.close(closeCodes.slow_reader, 'the socket is not read')
  }

  /** Bytes of a frame; they are valid only inside the call. */
  message(bytes: Uint8Array, binary: boolean): void {
    this.#binary = binary
    const now_ms = this.#desk.doors.env.monotonic_ms()
    if (!this.#budget.take(now_ms)) this.#tooFast(`${limits.socket_frames_per_second} frames a second`)
    else if (!this.#bytes.take(now_ms, bytes.length))
      this.#tooFast(`${limits.socket_bytes_per_second} bytes a second`)
    else this.#obey(decodeClient(bytes, binary, this.#boot))
  }

  /** A ping of the protocol's own, which the library has answered. */
  pinged(): void {
    if (!this.#budget.take(this.#desk.doors.env.monotonic_ms()))
      this.#tooFast(`${limits.socket_frames_per_second} frames a second`)
  }

  #tooFast(detail: string): void {
    const rejection = { ...reject('auth.rate_limited', detail), retry_after_ms: limits.socket_retry_ms }
    this.#fault(rejection, closeCodes.flood)
  }

  #obey(frame: ClientFrame): void {
    switch (frame.type) {
      case 'fixes':
        this.#fixes(frame)
        break
      case 'command':
        this.#command(frame.id, frame.command)
        break
      case 'ping':
        this.send({ type: 'pong', at_ms: frame.at_ms, server_ms: this.#desk.doors.env.now_ms() })
        break
      case 'token':
        this.#token(frame.token)
        break
      case 'malformed':
        this.#malformed(frame)
        break
    }
  }

  /** Sends the acks that have gathered, unless the socket is not being read: then they gather on. */
  flush(): void {
    if (!this.#socket) return
    if (this.#pressed && this.#socket.getBufferedAmount() > limits.socket_ack_buffer_bytes) return
    const acked = this.#acked
    this.#acked = []
    this.#acks = 0
    for (const { boot, seqs } of acked) this.send({ type: 'acked', boot, ranges: rangesOf(seqs) })
  }

  /** Warns before the token ends, and closes some time after it has. */
  sweep(now_ms: number): void {
    if (now_ms > this.#expires_ms + limits.token_grace_ms) {
      this.close(closeCodes.token_expired, 'the token has expired')
      return
    }
    if (this.#warned || now_ms < this.#expires_ms - limits.token_warning_ms) return
    this.#warned = true
    this.send({ type: 'token.expiring', expires_ms: this.#expires_ms })
  }

  #fixes({ boot, lane, fixes, unusable }: FixesFrame): void {
    if (unusable.length > 0)
      this.#refuse(boot, unusable, reject('request.malformed', 'no such place or time'))
    if (fixes.length === 0) return
    this.#boot = boot
    const seqs = fixes.map((fix) => fix.seq)
    if (this.#unacked + seqs.length > limits.socket_unacked_max) {
      this.#refuse(boot, seqs, overloaded(`${this.#unacked} fixes wait`, limits.overload_retry_ms))
      return
    }
    this.#unacked += seqs.length
    const to = { actor: 'runner', id: this.by.id }
    const signal = { type: 'runner.moved', boot, lane, via: 'socket', fixes } as const
    this.#desk.doors.host.signal({ to, signal, by: this.by }, (refused) => {
      this.#unacked -= seqs.length
      if (refused) this.#refuse(boot, seqs, refused)
      else this.#ack(boot, seqs)
    })
  }

  #ack(boot: string, seqs: number[]): void {
    if (!this.#socket) return
    const gathered = this.#acked.find((each) => each.boot === boot)
    if (gathered) gathered.seqs.push(...seqs)
    else this.#acked.push({ boot, seqs })
    this.#acks += seqs.length
    if (this.#acks > limits.socket_unacked_max) this.close(closeCodes.slow_reader, 'the acks are not read')
    else this.#desk.dirty(this)
  }

  #refuse(boot: string, seqs: number[], rejection: Rejection): void {
    const { status, ...rest } = problem(rejection, instance)
    const retry = status === 503 ? { retry_after_ms: limits.overload_retry_ms } : {}
    this.send({ type: 'refused', boot, ranges: rangesOf(seqs), problem: { ...retry, ...rest, status } })
  }

  #command(id: string, { ...command }: SocketCommand): void {
    if (this.#commands >= limits.socket_commands_max) {
      this.#reject(overloaded(`${this.#commands} commands wait`, limits.overload_retry_ms), id)
      return
    }
    this.#commands += 1
    this.#submit(id, command)
      .catch((fault: unknown) => this.#reject(unavailable(this.#desk.doors, fault), id))
      .finally(() => {
        this.#commands -= 1
      })
  }

  async #submit(id: string, command: SocketCommand): Promise<void> {
    const { host, env, reads, tracer } = this.#desk.doors
    const span = tracer?.begin(`socket ${command.type}`, [])
    const answer = await host.submit({
      id: keyedId(this.by.id, id),
      ...addressed(command, this.by.id),
      by: this.by,
      deadline_ms: env.now_ms() + limits.command_deadline_ms,
      lane: 'command',
      trace: span?.trace,
    })
    span?.end(answer.ok ? undefined : answer.rejection.rejected)
    if (!answer.ok) return this.#reject(answer.rejection, id)
    reads.note(this.by.id, answer.shard, answer.n)
    this.send({ type: 'result', id, view: answer.view })
    if (command.type === 'runner.go_online' && this.#socket)
      this.#desk.online(this, command.latitude, command.longitude)
  }

  #token(token: string): void {
    if (this.#verifying) {
      this.#fault(overloaded('a token is being checked', limits.overload_retry_ms), closeCodes.flood)
      return
    }
    this.#verifying = true
    this.#renew(token)
      .catch((fault: unknown) => this.#reject(unavailable(this.#desk.doors, fault)))
      .finally(() => {
        this.#verifying = false
      })
  }

  async #renew(token: string): Promise<void> {
    const verified = await this.#desk.doors.verifier.verify(token)
    if (isRefusal(verified)) return this.#fault(verified, closeCodes.malformed)
    const { principal, expires_ms } = verified
    if (principal.id !== this.by.id || principal.role !== 'runner')
      return this.#fault(reject('auth.role', 'the token is not this runner’s'), closeCodes.malformed)
    this.#expires_ms = expires_ms
    this.#warned = false
    this.send({ type: 'token.accepted', expires_ms })
  }

  #malformed({ detail, id }: Extract<ClientFrame, { type: 'malformed' }>): void {
    this.#fault(reject('request.malformed', detail), closeCodes.malformed, id)
  }

  /** Answers a frame that should not have come; after too many in a minute the connection ends. */
  #fault(rejection: Rejection, code: number, id?: string): void {
    const now_ms = this.#desk.doors.env.monotonic_ms()
    if (now_ms - this.#faults_since_ms > minute_ms) {
      this.#faults_since_ms = now_ms
      this.#faults = 0
    }
    this.#faults += 1
    if (this.#faults > limits.socket_faults_max) this.close(code, rejection.rejected)
    else this.#reject(rejection, id)
  }

  #reject(rejection: Rejection, id?: string): void {
    const body = { type: 'rejected' as const, problem: problem(rejection, instance) }
    this.send(id === undefined ? body : { ...body, id })
  }
}

/** Where a command goes: its actor is its prefix, a booking's id is in it, and a runner speaks for himself. */
function addressed(command: SocketCommand, runner_id: string) {
  if (!('booking_id' in command)) return { to: { actor: 'runner', id: runner_id }, command }
  const { booking_id, ...rest } = command
  return { to: { actor: 'booking', id: booking_id }, command: rest }
}
