// How the bytes of a PostgreSQL client divide into what the server can carry out in one go.
import { limits } from '../../protocols/limits.ts'

/** `part` leaves its client in the middle of a query; after a `query` or the `startup` the backend has answered. */
export interface Batch {
  readonly kind: 'encryption' | 'startup' | 'query' | 'part' | 'end'
  readonly bytes: Buffer
  /** Names of the statements that it prepares. */
  readonly declares: readonly string[]
}

const request = { encryption: [80_877_103, 80_877_104], cancel: 80_877_102 } as const
const byte = { parse: 0x50, query: 0x51, sync: 0x53, flush: 0x48, terminate: 0x58 } as const
/** CopyData, CopyDone and CopyFail are handed on one by one, for the backend asks for them in the middle of a query. */
const copy: readonly number[] = [0x64, 0x63, 0x66]

/** Bytes in order of arrival, joined only when a whole message is there. */
class Inbox {
  #parts: Buffer[] = []
  #size = 0

  push(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#size += chunk.length
  }

  peek(length: number): Buffer | undefined {
    if (this.#size < length) return undefined
    const [first] = this.#parts
    if (first !== undefined && first.length >= length) return first.subarray(0, length)
    const whole = Buffer.concat(this.#parts)
    this.#parts = [whole]
    return whole.subarray(0, length)
  }

  take(length: number): Buffer | undefined {
    const taken = this.peek(length)
    const [first] = this.#parts
    if (taken === undefined || first === undefined) return undefined
    this.#parts[0] = first.subarray(length)
    this.#size -= length
    return taken
  }
}

/** A length that no honest client sends ends the connection: the framing is lost. */
function bounded(length: number, least: number): number {
  if (length >= least && length <= limits.database_message_bytes_max) return length
  throw new Error(`a message of ${length} bytes`)
}

function startup(inbox: Inbox): Batch | undefined {
  const head = inbox.peek(8)
  if (head === undefined) return undefined
  const bytes = inbox.take(bounded(head.readInt32BE(0), 8))
  if (bytes === undefined) return undefined
  const code = bytes.readInt32BE(4)
  if (code === request.cancel) return { kind: 'end', bytes, declares: [] }
  const encryption = request.encryption.some((known) => known === code)
  return { kind: encryption ? 'encryption' : 'startup', bytes, declares: [] }
}

function message(inbox: Inbox): Buffer | undefined {
  const head = inbox.peek(5)
  return head === undefined ? undefined : inbox.take(1 + bounded(head.readInt32BE(1), 4))
}

function kindOf(type: number | undefined): Batch['kind'] | undefined {
  if (type === byte.query || type === byte.sync) return 'query'
  if (type === byte.terminate) return 'end'
  return type === byte.flush || (type !== undefined && copy.includes(type)) ? 'part' : undefined
}

/** Gathers messages until one of them asks for an answer. */
class Framing {
  readonly inbox = new Inbox()
  #started = false
  #messages: Buffer[] = []
  #declares: string[] = []
  #size = 0

  next(): Batch | undefined {
    if (this.#started) return this.#batch()
    const first = startup(this.inbox)
    this.#started = first?.kind === 'startup'
    return first
  }

  #batch(): Batch | undefined {
    for (let bytes = message(this.inbox); bytes !== undefined; bytes = message(this.inbox)) {
      this.#messages.push(bytes)
      this.#size = bounded(this.#size + bytes.length, 0)
      if (bytes[0] === byte.parse) this.#declares.push(bytes.toString('utf8', 5, bytes.indexOf(0, 5)))
      const kind = kindOf(bytes[0])
      if (kind !== undefined) return this.#close(kind)
    }
    return undefined
  }

  #close(kind: Batch['kind']): Batch {
    const batch = { kind, bytes: Buffer.concat(this.#messages), declares: this.#declares }
    this.#messages = []
    this.#declares = []
    this.#size = 0
    return batch
  }
}

/** Rejects with a plain Error when the framing breaks or a batch is too long; ends when the client does. */
export async function* batches(chunks: AsyncIterable<Buffer>): AsyncGenerator<Batch> {
  const framing = new Framing()
  for await (const chunk of chunks) {
    framing.inbox.push(chunk)
    for (let batch = framing.next(); batch !== undefined; batch = framing.next()) yield batch
  }
}
