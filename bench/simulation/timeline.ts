/** Virtual time: one heap of everything that is going to happen, and one loop that lets it. */

/** Something that acts, and may be stopped: a thread, a store, a person. */
export interface Life {
  readonly number: number
  alive: boolean
  paused: boolean
}

interface Entry {
  at_ms: number
  tie: number
  order: number
  readonly life: Life
  /** Undefined once it was called off. */
  call: (() => void) | undefined
}

/** Drains the microtasks that a step has left, however deep: Node's own end of a callback, 0.1 us when there are none. */
const drain = (process as unknown as { readonly _tickCallback: () => void })._tickCallback

const isBefore = (one: Entry, other: Entry): boolean =>
  one.at_ms !== other.at_ms
    ? one.at_ms < other.at_ms
    : one.tie !== other.tie
      ? one.tie < other.tie
      : one.order < other.order

/**
 * A binary heap by (virtual time, seeded tie-break, sequence). What one life does at one moment keeps its order, as on
 * a thread; which of several lives comes first is drawn. `run` must not be called from a promise: the drain between
 * two steps would wait for the one that it is called by.
 */
export class Timeline {
  now_ms = 0
  /** Steps that were carried out: what was called off, or belonged to the dead, does not count. */
  steps = 0
  readonly #seed: number
  readonly #heap: Entry[] = []
  #parked: Entry[] = []
  #lives = 0
  #order = 0
  #low = 0x811c9dc5
  #high = 0x9e3779b9

  constructor(seed: number) {
    this.#seed = seed
  }

  newLife(): Life {
    this.#lives += 1
    return { number: this.#lives, alive: true, paused: false }
  }

  /** Calls after `ms`, unless the returned function is called before. */
  after(ms: number, life: Life, call: () => void): () => void {
    const at_ms = this.now_ms + Math.max(0, ms)
    const entry: Entry = { at_ms, tie: this.#tie(life, at_ms), order: this.#order++, life, call }
    this.#push(entry)
    return () => {
      entry.call = undefined
    }
  }

  /** A life that was paused goes on, with all that was due meanwhile, in the order in which it was. */
  resume(life: Life): void {
    life.paused = false
    const due = this.#parked.filter((entry) => entry.life === life)
    this.#parked = this.#parked.filter((entry) => entry.life !== life)
    for (const entry of due) {
      entry.at_ms = this.now_ms
      entry.tie = this.#tie(life, this.now_ms)
      entry.order = this.#order++
      this.#push(entry)
    }
  }

  /** What has happened so far, as 16 hexadecimal digits: every step, and all that `note` was told. */
  get trace(): string {
    const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0')
    return hex(this.#high) + hex(this.#low)
  }

  note(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193)
    this.#high = Math.imul(this.#high ^ (this.#low >>> 13), 0x85ebca6b) + value
  }

  noteText(text: string): void {
    for (let at = 0; at < text.length; at++) this.note(text.charCodeAt(at))
  }

  /** Lets everything happen that is due until then, and less when `stop` says so. */
  run(until_ms: number, stop: () => boolean): void {
    drain()
    for (let next = this.#heap[0]; next && next.at_ms <= until_ms && !stop(); next = this.#heap[0]) {
      this.#pop()
      const { call, life } = next
      if (!call || !life.alive) continue
      if (life.paused) {
        this.#parked.push(next)
        continue
      }
      this.now_ms = next.at_ms
      this.steps += 1
      this.note(next.order ^ Math.imul(life.number, 0x9e37))
      call()
      drain()
    }
    this.now_ms = Math.max(this.now_ms, until_ms)
  }

  #tie({ number }: Life, at_ms: number): number {
    let bits = Math.imul(this.#seed ^ Math.imul(number, 0x9e3779b1), 0x85ebca6b) ^ ((at_ms * 1_000) | 0)
    bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d)
    return bits ^ (bits >>> 13)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Entry
      if (!isBefore(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const entry = heap.pop() as Entry
    const size = heap.length
    if (size === 0) return
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1
      const below = heap[child] as Entry
      if (!isBefore(below, entry)) break
      heap[at] = below
      at = child
    }
    heap[at] = entry
  }
}

/** Carries a whole simulation out in one turn of the real loop, outside of any promise. */
export const outsidePromises = <Value>(call: () => Value): Promise<Value> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(call())
      } catch (error) {
        reject(error)
      }
    })
  })
