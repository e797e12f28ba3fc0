import type { Address, Message } from '../protocols/actor.ts'

/** A command that is due later: part of the shard's state. `id` is the command's, so that it fires once in effect. */
export interface Timer {
  readonly id: string
  readonly due_ms: number
  readonly to: Address
  readonly command: Message
}

/**
 * The timers of a shard: a binary heap by due time. One that has fired stays known (and in snapshots) until `remove`
 * says that what it asked for is in a frame, so that a death in between loses nothing.
 */
export class Timers {
  readonly #heap: Timer[] = []
  readonly #live = new Map<string, Timer>()

  get size(): number {
    return this.#live.size
  }

  /** Adding an id that is there changes nothing. */
  add(timer: Timer): void {
    if (this.#live.has(timer.id)) return
    this.#live.set(timer.id, timer)
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
  }

  remove(id: string): void {
    this.#live.delete(id)
  }

  /** When the next one is due. */
  next_ms(): number | undefined {
    this.#dropDead()
    return this.#heap[0]?.due_ms
  }

  /** At most `max` that are due, each handed out once; `again` hands one out once more. */
  due(now_ms: number, max: number): readonly Timer[] {
    const taken: Timer[] = []
    for (;;) {
      this.#dropDead()
      const first = this.#heap[0]
      if (!first || first.due_ms > now_ms || taken.length >= max) return taken
      this.#pop()
      taken.push(first)
    }
  }

  /** The command could not be taken in: try at `due_ms`. */
  again(timer: Timer, due_ms: number): void {
    if (!this.#live.has(timer.id)) return
    this.#live.delete(timer.id)
    this.add({ ...timer, due_ms })
  }

  has(id: string): boolean {
    return this.#live.has(id)
  }

  all(): readonly Timer[] {
    return [...this.#live.values()]
  }

  #dropDead(): void {
    for (;;) {
      const first = this.#heap[0]
      if (!first || this.#live.get(first.id) === first) return
      this.#pop()
    }
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #sink(start: number): void {
    let index = start
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const child = this.#isEarlier(right, left) ? right : left
      if (!this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #isEarlier(a: number, b: number): boolean {
    const one = this.#heap[a]
    const other = this.#heap[b]
    return one !== undefined && other !== undefined && one.due_ms < other.due_ms
  }

  #swapIfEarlier(a: number, b: number): boolean {
    const one = this.#heap[a]
    const other = this.#heap[b]
    if (!one || !other || one.due_ms >= other.due_ms) return false
    this.#heap[a] = other
    this.#heap[b] = one
    return true
  }
}
