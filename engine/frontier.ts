/** A binary heap of numbered items, nearest first, on typed arrays that are kept from search to search. */
export class Frontier {
  #keys = new Float64Array(256)
  #items = new Int32Array(256)
  #size = 0

  get size(): number {
    return this.#size
  }

  clear(): void {
    this.#size = 0
  }

  /** The key of the nearest item, or infinity. */
  get nearest(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#keys[0] as number)
  }

  push(key: number, item: number): void {
    if (this.#size === this.#keys.length) this.#grow()
    const keys = this.#keys
    const items = this.#items
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      const parent_key = keys[parent] as number
      if (parent_key <= key) break
      keys[at] = parent_key
      items[at] = items[parent] as number
      at = parent
    }
    keys[at] = key
    items[at] = item
  }

  /** Takes the nearest item out; there must be one. */
  pop(): number {
    const keys = this.#keys
    const items = this.#items
    const top = items[0] as number
    const size = --this.#size
    const key = keys[size] as number
    const item = items[size] as number
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (keys[child + 1] as number) < (keys[child] as number)) child += 1
      const child_key = keys[child] as number
      if (child_key >= key) break
      keys[at] = child_key
      items[at] = items[child] as number
      at = child
    }
    keys[at] = key
    items[at] = item
    return top
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2)
    const items = new Int32Array(this.#keys.length * 2)
    keys.set(this.#keys)
    items.set(this.#items)
    this.#keys = keys
    this.#items = items
  }
}
