/** An invariant that did not hold: which, and how. */
export interface Breach {
  readonly rule: string
  readonly what: string
  readonly at_ms: number
}

/** Where every auditor leaves what it found. One is enough to end a run; a few more help to see why. */
export class Breaches {
  readonly all: Breach[] = []
  readonly #now_ms: () => number

  constructor(now_ms: () => number) {
    this.#now_ms = now_ms
  }

  add(rule: string, what: string): void {
    if (this.all.length < breaches_max) this.all.push({ rule, what, at_ms: this.#now_ms() })
  }
}

const breaches_max = 20
