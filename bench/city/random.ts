/** Chance from a seed: the same seed makes the same decisions. sfc32 (Chris Doty-Humphrey, PractRand). */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = (seed ^ 0x9e3779b9) | 0
    this.#c = 0x2545f491
    for (let round = 0; round < 12; round++) this.next()
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return (sum >>> 0) / 4294967296
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** A whole number in [low, high]. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** Normal with mean 0 and deviation 1 (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }

  pick<Item>(items: readonly Item[]): Item {
    const found = items[Math.floor(this.next() * items.length)]
    if (found === undefined) throw new Error('nothing to pick from')
    return found
  }

  /** A version 4 UUID. */
  uuid(): string {
    let hex = ''
    for (let digit = 0; digit < 32; digit++) {
      if (digit === 12) hex += '4'
      else hex += Math.floor(this.next() * (digit === 16 ? 4 : 16) + (digit === 16 ? 8 : 0)).toString(16)
    }
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  /** A stream of its own: what one person decides does not depend on how often the others are asked. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 4294967296))
  }
}
