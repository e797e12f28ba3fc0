/** What is still to happen in a model: the earliest comes first, and of one moment what was planned first. */
interface Plan {
  readonly at_ms: number
  readonly order: number
  readonly act: () => void
}

const before = (one: Plan, other: Plan) =>
  one.at_ms < other.at_ms || (one.at_ms === other.at_ms && one.order < other.order)

/** A binary heap. */
export class Agenda {
  readonly #heap: Plan[] = []
  #planned = 0

  /** Of the next plan; infinite when there is none. */
  get next_ms(): number {
    return this.#heap[0]?.at_ms ?? Number.POSITIVE_INFINITY
  }

  add(at_ms: number, act: () => void): void {
    const plan = { at_ms, order: this.#planned++, act }
    let place = this.#heap.push(plan) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above] as Plan
      if (!before(plan, parent)) break
      this.#heap[place] = parent
      place = above
    }
    this.#heap[place] = plan
  }

  /** Takes the next plan off and carries it out. */
  carryOut(): void {
    const [first] = this.#heap
    const last = this.#heap.pop()
    if (!first || !last) return
    if (this.#heap.length > 0) this.#sink(last)
    first.act()
  }

  #sink(plan: Plan): void {
    const heap = this.#heap
    let place = 0
    for (;;) {
      const left = heap[2 * place + 1]
      const right = heap[2 * place + 2]
      if (!left) break
      const below = right && before(right, left) ? 2 * place + 2 : 2 * place + 1
      const child = heap[below] as Plan
      if (!before(child, plan)) break
      heap[place] = child
      place = below
    }
    heap[place] = plan
  }
}
