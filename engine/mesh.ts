/** Threads of one process speak here: many messages in one post, answers by number. */
import type { Address, Message } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { overloaded, type Rejection } from '../protocols/rejections.ts'
import type { Env } from './env.ts'
import type { Answer, Envelope, Near, NearQuery, Question, Shown, SignalNote } from './host.ts'
import { Fault } from './ports.ts'
import type { Neighbour, Thread } from './thread.ts'
import type { Listener } from './watchers.ts'

/** What a thread posts to another: each item a tuple that begins with its kind and, for a question, its number. */
export type Parcel =
  | readonly ['submit', number, Envelope]
  | readonly ['ask', number, Question]
  | readonly ['signal', number, SignalNote]
  | readonly ['near', number, NearQuery]
  | readonly ['watch', number, Address]
  | readonly ['unwatch', number]
  | readonly ['show', Address, Message]
  | readonly ['answer', number, Answer | readonly Near[] | Rejection | undefined]
  | readonly ['shown', number, Shown]
  | readonly ['failed', number, string]

/** A line between two threads: a MessagePort, or its twin in tests. Batches arrive in order, once. */
export interface Wire {
  send(batch: readonly Parcel[]): void
  receive(call: (batch: readonly Parcel[]) => void): void
}

interface Open {
  readonly take: (value: unknown) => void
  readonly fail: (why: string) => void
  readonly at_ms: number
}

const sweep_ms = 1_000

/** One end of the line between this thread and another: it asks there and answers from here. */
export class Link implements Neighbour {
  readonly #env: Env
  readonly #wire: Wire
  readonly #here: Thread
  readonly #open = new Map<number, Open>()
  readonly #watching = new Map<number, Listener>()
  readonly #watched = new Map<number, () => void>()
  #out: Parcel[] = []
  #next = 1
  #scheduled = false

  constructor(env: Env, wire: Wire, here: Thread) {
    this.#env = env
    this.#wire = wire
    this.#here = here
    wire.receive((batch) => {
      for (const parcel of batch) this.#take(parcel)
    })
    this.#sweep()
  }

  /** Questions that are open, and watchers on either side. */
  get open(): { readonly questions: number; readonly watchers: number } {
    return { questions: this.#open.size, watchers: this.#watching.size + this.#watched.size }
  }

  submit(envelope: Envelope): Promise<Answer> {
    return this.#request<Answer>((number) => ['submit', number, envelope], this.#full())
  }

  ask(question: Question): Promise<Answer> {
    return this.#request<Answer>((number) => ['ask', number, question], this.#full())
  }

  near(query: NearQuery): Promise<readonly Near[]> {
    const full = this.#full()
    if (full) return Promise.reject(new Fault(full.rejection.detail, { retry: true }))
    return this.#request<readonly Near[]>((number) => ['near', number, query])
  }

  signal(note: SignalNote, done: (refused?: Rejection) => void): void {
    const full = this.#full()
    if (full) return done(full.rejection)
    const number = this.#expect(
      (value) => done(value as Rejection | undefined),
      () => done(lost),
    )
    this.#post(['signal', number, note])
  }

  watch(of: Address, listener: Listener): () => void {
    const number = this.#next++
    this.#watching.set(number, listener)
    this.#post(['watch', number, of])
    return () => {
      if (this.#watching.delete(number)) this.#post(['unwatch', number])
    }
  }

  show(of: Address, message: Message): void {
    this.#post(['show', of, message])
  }

  /** Every question is answered: one that is not, by now, never will be. */
  #sweep(): void {
    this.#env.after(sweep_ms, () => {
      const before_ms = this.#env.monotonic_ms() - limits.ask_timeout_ms
      for (const [number, { fail, at_ms }] of this.#open) {
        if (at_ms > before_ms) break
        this.#open.delete(number)
        fail('the other thread did not answer')
      }
      this.#sweep()
    })
  }

  #full(): { ok: false; rejection: Rejection } | undefined {
    if (this.#open.size < limits.mesh_queue_max) return undefined
    const rejection = overloaded(
      `${this.#open.size} questions to another thread are open`,
      limits.overload_retry_ms,
    )
    return { ok: false, rejection }
  }

  #request<Value>(parcel: (number: number) => Parcel, instead?: Value): Promise<Value> {
    if (instead !== undefined) return Promise.resolve(instead)
    return new Promise<Value>((resolve, reject) => {
      const take = (value: unknown) => resolve(value as Value)
      const number = this.#expect(take, (why) => reject(new Fault(why, { retry: true })))
      this.#post(parcel(number))
    })
  }

  #expect(take: Open['take'], fail: Open['fail']): number {
    const number = this.#next++
    this.#open.set(number, { take, fail, at_ms: this.#env.monotonic_ms() })
    return number
  }

  #post(parcel: Parcel): void {
    this.#out.push(parcel)
    if (this.#out.length >= limits.mesh_batch_max) return this.#flush()
    if (this.#scheduled) return
    this.#scheduled = true
    this.#env.soon(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#out.length === 0) return
    const batch = this.#out
    this.#out = []
    this.#wire.send(batch)
  }

  #take(parcel: Parcel): void {
    switch (parcel[0]) {
      case 'submit':
        return this.#reply(parcel[1], this.#here.submit(parcel[2]))
      case 'ask':
        return this.#reply(parcel[1], this.#here.ask(parcel[2]))
      case 'near':
        return this.#post(['answer', parcel[1], this.#here.nearHere(parcel[2])])
      case 'signal':
        return this.#here.signal(parcel[2], (refused) => this.#post(['answer', parcel[1], refused]))
      case 'watch':
        return this.#watchHere(parcel[1], parcel[2])
      case 'unwatch':
        this.#watched.get(parcel[1])?.()
        return void this.#watched.delete(parcel[1])
      case 'show':
        return this.#here.show(parcel[1], parcel[2])
      case 'shown':
        return this.#watching.get(parcel[1])?.(parcel[2])
      case 'answer':
        return this.#close(parcel[1])?.take(parcel[2])
      case 'failed':
        return this.#close(parcel[1])?.fail(parcel[2])
    }
  }

  #close(number: number): Open | undefined {
    const open = this.#open.get(number)
    this.#open.delete(number)
    return open
  }

  #reply(number: number, answer: Promise<Answer>): void {
    answer.then(
      (value) => this.#post(['answer', number, value]),
      (cause: unknown) => this.#post(['failed', number, String(cause)]),
    )
  }

  #watchHere(number: number, of: Address): void {
    try {
      this.#watched.set(
        number,
        this.#here.watch(of, (shown) => this.#post(['shown', number, shown])),
      )
    } catch (cause) {
      this.#env.log('warn', 'another thread may not watch', {
        of: `${of.actor} ${of.id}`,
        cause: String(cause),
      })
    }
  }
}

const lost: Rejection = {
  rejected: 'unavailable',
  detail: 'the other thread did not answer',
  retry_after_ms: 1_000,
}
