const slot_ms = 50
const slots = 2_048

interface Entry {
  readonly due_ms: number
  readonly call: () => void
}

/** One timer for thousands of people: entries stand in slots of 50 ms; one turn is 102 s, and later ones stay for the next. */
export class Wheel {
  readonly #ring: Entry[][] = Array.from({ length: slots }, () => [])
  #turned: number
  #timer: NodeJS.Timeout | undefined

  constructor() {
    this.#turned = Math.floor(performance.now() / slot_ms)
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#turn(), slot_ms)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  after(ms: number, call: () => void): void {
    const due_ms = performance.now() + Math.max(slot_ms, ms)
    this.#ring[Math.floor(due_ms / slot_ms) % slots]?.push({ due_ms, call })
  }

  #turn(): void {
    const now_ms = performance.now()
    const until = Math.floor(now_ms / slot_ms)
    this.#turned = Math.max(this.#turned, until - slots)
    for (; this.#turned < until; this.#turned++) this.#empty(this.#turned % slots, now_ms)
  }

  #empty(slot: number, now_ms: number): void {
    const entries = this.#ring[slot] ?? []
    this.#ring[slot] = []
    for (const entry of entries) {
      if (entry.due_ms <= now_ms) entry.call()
      else this.#ring[slot]?.push(entry)
    }
  }
}
