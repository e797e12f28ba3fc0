/** A connection to the simulated server that production's drivers take for one to NATS. */
import type { Msg, MsgHdrs } from '@nats-io/nats-core'
import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import { type Inbox, type Link, type RequestOptions, requestOver } from '../../persistence/nats.ts'
import { limits } from '../../protocols/limits.ts'
import { blockOf, messageOf, type Packet, type Reply } from './jetstream_wire.ts'

/** The server's side of a link. */
interface Far {
  carry(packet: Packet): void
  gone(): void
}

export class SimLink implements Link {
  readonly env: Env
  readonly name: string
  readonly #far: Far
  readonly #prefix: string
  readonly #inboxes = new Map<string, (msg: Msg | undefined) => void>()
  readonly #listened = new Map<string, (msg: Msg) => void>()
  readonly #listeners = new Set<(connected: boolean) => void>()
  #next = 0
  #connected = true
  #closed = false
  #session = 1

  constructor(name: string, env: Env, far: Far) {
    this.name = name
    this.env = env
    this.#far = far
    this.#prefix = `_INBOX.${env.uuid()}.`
    this.listen(`${this.#prefix}*`, (msg) => this.#inboxes.get(msg.subject.slice(this.#prefix.length))?.(msg))
  }

  get connected(): boolean {
    return this.#connected
  }

  /** Grows with each connection: what was sent on an earlier one arrives no more. */
  get session(): number {
    return this.#session
  }

  /** Replies that somebody waits for. */
  get inboxes(): number {
    return this.#inboxes.size
  }

  onChange(call: (connected: boolean) => void): () => void {
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  inbox(call: (msg: Msg | undefined) => void): Inbox {
    const token = (this.#next++).toString(36)
    this.#inboxes.set(token, call)
    return { reply: this.#prefix + token, close: () => void this.#inboxes.delete(token) }
  }

  /** A subject, or one whose last token is `*`: more the drivers do not ask for. */
  listen(subject: string, call: (msg: Msg) => void): () => void {
    const key = subject.replace(/\*$/, '')
    this.#listened.set(key, call)
    return () => this.#listened.delete(key)
  }

  request(subject: string, payload: Uint8Array | string, options: RequestOptions = {}): Promise<Msg> {
    return requestOver(this, subject, payload, options)
  }

  send(subject: string, payload: Uint8Array | string, reply: string, fields?: MsgHdrs): void {
    if (!this.#connected) throw new Fault(`${subject}: NATS is not connected`, { retry: true })
    const [block, data] = [blockOf(fields), Buffer.from(payload)]
    if (data.length + (block?.length ?? 0) > limits.nats_payload_bytes_max)
      throw new Fault(`${subject}: could not be sent`, { retry: false })
    this.#far.carry({ subject, reply, block, data })
  }

  /** What the server sent has arrived. */
  deliver(subject: string, reply: Reply): void {
    if (!this.#connected) return
    const call = this.#listened.get(subject) ?? this.#listened.get(subject.replace(/[^.]*$/, ''))
    call?.(messageOf(subject, reply))
  }

  /** The connection is lost: what is in flight ends with a Fault, and what the server still sends is gone. */
  cut(): void {
    this.#change(false)
  }

  /** The connection is there again. */
  mend(): void {
    this.#change(true)
  }

  /** The client has gone, as its process or thread does: nobody is told anything any more. */
  close(): void {
    this.#closed = true
    this.#connected = false
    this.#far.gone()
    this.#inboxes.clear()
    this.#listened.clear()
    this.#listeners.clear()
  }

  #change(connected: boolean): void {
    if (this.#closed || connected === this.#connected) return
    this.#connected = connected
    if (connected) this.#session += 1
    this.env.log(connected ? 'info' : 'warn', connected ? 'NATS is back' : 'NATS is lost')
    if (!connected) for (const call of [...this.#inboxes.values()]) call(undefined)
    for (const call of [...this.#listeners]) call(connected)
  }
}
