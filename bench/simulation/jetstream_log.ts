/** The messages of one simulated stream, in the order of their sequences; taken away only at the ends. */
import { takes } from './jetstream_wire.ts'

export interface Stored {
  readonly seq: number
  readonly subject: string
  readonly block: Buffer | undefined
  readonly data: Uint8Array
  readonly at_ms: number
}

/** What a message takes on the server's disk. */
export const sizeOf = ({ subject, block, data }: Omit<Stored, 'seq' | 'at_ms'>) =>
  30 + subject.length + (block ? block.length + 4 : 0) + data.length

export class StreamLog {
  #messages: Stored[] = []
  #head = 0
  readonly #seqs = new Map<string, number[]>()
  #last_seq = 0
  #bytes = 0

  get last_seq(): number {
    return this.#last_seq
  }

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#messages.length - this.#head
  }

  get first_seq(): number {
    return this.#messages[this.#head]?.seq ?? this.#last_seq + 1
  }

  all(): readonly Stored[] {
    return this.#messages.slice(this.#head)
  }

  append(message: Omit<Stored, 'seq'>): number {
    const stored = { ...message, seq: ++this.#last_seq }
    this.#messages.push(stored)
    this.#bytes += sizeOf(stored)
    const seqs = this.#seqs.get(stored.subject)
    if (seqs) seqs.push(stored.seq)
    else this.#seqs.set(stored.subject, [stored.seq])
    return stored.seq
  }

  get(seq: number): Stored | undefined {
    const first = this.#messages[this.#head]
    return first && seq >= first.seq ? this.#messages[this.#head + seq - first.seq] : undefined
  }

  /** The newest message of a subject or pattern, among the first ones up to `until_seq`. */
  last(pattern: string, until_seq = Number.POSITIVE_INFINITY): Stored | undefined {
    if (!isPattern(pattern)) {
      const seq = this.#seqs.get(pattern)?.findLast((one) => one <= until_seq)
      return seq === undefined ? undefined : this.get(seq)
    }
    return this.#messages.findLast(
      (one, index) => index >= this.#head && one.seq <= until_seq && takes(pattern, one.subject),
    )
  }

  /** The first message of a subject or pattern from a sequence on. */
  next(pattern: string, from_seq: number): Stored | undefined {
    if (!isPattern(pattern)) {
      const seqs = this.#seqs.get(pattern) ?? []
      const seq = seqs[firstAtLeast(seqs, Math.max(from_seq, this.first_seq))]
      return seq === undefined ? undefined : this.get(seq)
    }
    const first_seq = this.first_seq
    for (let index = this.#head + Math.max(0, from_seq - first_seq); ; index++) {
      const one = this.#messages[index]
      if (one === undefined || takes(pattern, one.subject)) return one
    }
  }

  /** How many messages of a subject or pattern there are from a sequence on. */
  countFrom(pattern: string, from_seq: number, until_seq: number): number {
    if (isPattern(pattern)) {
      let count = 0
      for (
        let one = this.next(pattern, from_seq);
        one && one.seq <= until_seq;
        one = this.next(pattern, one.seq + 1)
      )
        count += 1
      return count
    }
    const seqs = this.#seqs.get(pattern) ?? []
    return firstAtLeast(seqs, until_seq + 1) - firstAtLeast(seqs, Math.max(from_seq, this.first_seq))
  }

  /** Takes the oldest away. */
  dropFirst(): void {
    const first = this.#messages[this.#head]
    if (!first) return
    this.#bytes -= sizeOf(first)
    this.#head += 1
    this.#seqs.get(first.subject)?.shift()
    if (this.#head < 1_024 || this.#head * 2 < this.#messages.length) return
    this.#messages = this.#messages.slice(this.#head)
    this.#head = 0
  }

  /** Takes the newest away, as a crash does that the disk had not heard of yet. */
  dropLast(): void {
    const last = this.count > 0 ? this.#messages.pop() : undefined
    if (!last) return
    this.#bytes -= sizeOf(last)
    this.#last_seq = last.seq - 1
    this.#seqs.get(last.subject)?.pop()
  }
}

const isPattern = (subject: string) => /(^|\.)[*>](\.|$)/.test(subject)

/** The index of the first element that is not below `least`, in an ascending list. */
function firstAtLeast(ascending: readonly number[], least: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] as number) < least) low = middle + 1
    else high = middle
  }
  return low
}
