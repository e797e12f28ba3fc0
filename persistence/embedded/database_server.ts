// PGlite is one PostgreSQL session. Several clients share it here by turns: a turn lasts from a client's first
// message to the end of its query, and of its transaction if it opened one. Without turns their unnamed statements
// and their errors mix. What a session keeps longer (SET, temporary tables, advisory locks) they still share.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { PGlite } from '@electric-sql/pglite'
import { limits } from '../../protocols/limits.ts'
import { Answers } from './answers.ts'
import { Turns } from './turns.ts'
import { type Batch, batches } from './wire.ts'

/** A frontend message: its type, its length, its body, each string of which ends in a zero. */
function frontend(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}....${body}`, 'utf8')
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}

class Client {
  readonly #socket: Socket
  readonly #db: PGlite
  readonly #turns: Turns
  readonly #statements = new Set<string>()
  #holds = false

  constructor(socket: Socket, db: PGlite, turns: Turns) {
    this.#socket = socket
    this.#db = db
    this.#turns = turns
  }

  async serve(): Promise<void> {
    try {
      for await (const batch of batches(this.#socket)) {
        if (batch.kind === 'end') break
        if (batch.kind === 'encryption') this.#socket.write('N')
        else await this.#run(batch)
      }
    } finally {
      await this.#leave()
      this.#socket.destroy()
    }
  }

  async #run(batch: Batch): Promise<void> {
    await this.#hold()
    if (this.#socket.destroyed) return
    for (const name of batch.declares) if (name !== '') this.#statements.add(name)
    const answers = new Answers()
    this.#socket.cork()
    await this.#execute(batch.bytes, (data) => {
      for (const piece of answers.pass(Buffer.from(data))) this.#socket.write(piece)
    })
    if (batch.kind !== 'part') this.#socket.write(answers.ready)
    this.#socket.uncork()
    if (batch.kind !== 'part' && !this.#db.isInTransaction()) this.#release()
    if (this.#socket.writableNeedDrain) await writable(this.#socket)
  }

  #execute(bytes: Buffer, onRawData: (data: Uint8Array) => void): Promise<void> {
    return this.#db.execProtocolRawStream(new Uint8Array(bytes), { onRawData })
  }

  async #hold(): Promise<void> {
    if (this.#holds) return
    await this.#turns.take()
    this.#holds = true
    this.#socket.on('timeout', () => this.#silent())
    this.#socket.setTimeout(limits.database_hold_ms)
  }

  /** A client that keeps its turn and is silent stops all the others; while there are none it may think. */
  #silent(): void {
    if (this.#turns.are_wanted) this.#socket.destroy()
    else this.#socket.setTimeout(limits.database_hold_ms)
  }

  #release(): void {
    this.#holds = false
    this.#socket.setTimeout(0)
    this.#socket.removeAllListeners('timeout')
    this.#turns.pass()
  }

  /** Leaves nothing of the client in the session, in whatever state it vanished. */
  async #leave(): Promise<void> {
    if (!this.#holds && this.#statements.size === 0) return
    await this.#hold()
    const ignore = () => {}
    await this.#execute(frontend('S', ''), ignore)
    if (this.#db.isInTransaction()) await this.#execute(frontend('Q', 'ROLLBACK\0'), ignore)
    const closes = [...this.#statements].map((name) => frontend('C', `S${name}\0`))
    if (closes.length > 0) await this.#execute(Buffer.concat([...closes, frontend('S', '')]), ignore)
    this.#release()
  }
}

export interface DatabaseServer {
  stop(): Promise<void>
}

/** Resolves when the stream takes more, or is closed; leaves no listener behind, however often it is asked. */
export async function writable(stream: Writable): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  try {
    await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })])
  } finally {
    over.abort()
  }
}

/** Serves on the loopback address. A client that breaks the protocol loses its connection and nothing else. */
export async function serveDatabase(db: PGlite, port: number): Promise<DatabaseServer> {
  const turns = new Turns()
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    new Client(socket, db, turns).serve().catch(() => {})
  })
  server.maxConnections = limits.database_clients_max
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
    await turns.take()
  }
  return { stop }
}
