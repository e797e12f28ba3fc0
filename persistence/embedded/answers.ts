const ready_for_query = 0x5a
const nothing = Buffer.alloc(0)

/**
 * What the backend says to one batch, but for ReadyForQuery: PGlite says that once too often when a message of the
 * extended protocol fails, and a client then takes every later answer for the answer to the query before.
 */
export class Answers {
  /** The last ReadyForQuery, which may follow when the batch is done. */
  ready: Buffer = nothing
  #cut: Buffer = nothing
  #left = 0

  /** What of `data` goes to the client now; a message may arrive in pieces. */
  pass(data: Buffer): Buffer[] {
    const passed: Buffer[] = []
    let rest = this.#cut.length === 0 ? data : Buffer.concat([this.#cut, data])
    this.#cut = nothing
    while (rest.length > 0) {
      const length = this.#left > 0 ? this.#left : this.#lengthOf(rest)
      if (length === undefined) {
        this.#cut = rest
        break
      }
      const piece = rest.subarray(0, length)
      const begins = this.#left === 0
      this.#left = length - piece.length
      rest = rest.subarray(piece.length)
      if (begins && piece[0] === ready_for_query) this.ready = piece
      else passed.push(piece)
    }
    return passed
  }

  /** Undefined while the head of the message, or a piece of a ReadyForQuery, is missing. */
  #lengthOf(bytes: Buffer): number | undefined {
    if (bytes.length < 5) return undefined
    const length = 1 + bytes.readInt32BE(1)
    return bytes[0] === ready_for_query && bytes.length < length ? undefined : length
  }
}
