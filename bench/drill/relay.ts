import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly engine: Socket
  readonly port: number
}

/** What stands between clients and engines, as a load balancer of TCP does: a new connection goes to the present target, an old one stays where it is. */
export class Relay {
  readonly url: string
  /** On this machine. */
  target_port = 0
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #is_frozen = false

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (client) => this.#join(client))
  }

  static async open(): Promise<Relay> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server)
  }

  /** Connections that are open to an engine. */
  countOf(port: number): number {
    let count = 0
    for (const pair of this.#pairs) if (pair.port === port) count += 1
    return count
  }

  /** Nothing goes through any more in either direction, and nobody is told: both ends are half open. */
  freeze(): void {
    this.#is_frozen = true
    for (const pair of this.#pairs) hold(pair)
  }

  close(): void {
    this.#server.close()
    for (const { client, engine } of this.#pairs) {
      client.destroy()
      engine.destroy()
    }
  }

  #join(client: Socket): void {
    const port = this.target_port
    const engine = connect(port, '127.0.0.1')
    const pair = { client, engine, port }
    this.#pairs.add(pair)
    const end = () => {
      this.#pairs.delete(pair)
      client.destroy()
      engine.destroy()
    }
    for (const socket of [client, engine]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => {
        if (!this.#is_frozen) end()
      })
    }
    client.pipe(engine)
    engine.pipe(client)
    if (this.#is_frozen) hold(pair)
  }
}

function hold({ client, engine }: Pair): void {
  client.unpipe(engine)
  engine.unpipe(client)
  client.pause()
  engine.pause()
}
