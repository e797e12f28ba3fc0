// The WebSocket that the typed clients stand on. Node 20 has none of its own: `ws` serves.
import { WebSocket } from 'ws'

export interface ClientSocket {
  /** False: the socket is not open, and nothing was sent. */
  send(data: string | Uint8Array): boolean
  close(code?: number): void
  /** Ends it at once, without a close frame. */
  terminate(): void
}

/** What a socket reports. `closed` comes once, whatever happened; `status` is the HTTP answer that refused it, else 0. */
export interface SocketEvents {
  opened(): void
  /** A frame, or a ping of the server's without data. */
  heard(data?: string | Uint8Array): void
  closed(code: number, status: number): void
}

export type SocketFactory = (url: string, events: SocketEvents) => ClientSocket

export interface NodeSocketOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** The address to connect from: one alone has about 28,000 ports. */
  readonly local_address?: string
  readonly handshake_timeout_ms?: number
}

/** Sockets of Node, without compression. */
export function nodeSockets(options: NodeSocketOptions = {}): SocketFactory {
  const settings = {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    handshakeTimeout: options.handshake_timeout_ms ?? 10_000,
    ...(options.headers ? { headers: options.headers } : {}),
    ...(options.local_address ? { localAddress: options.local_address } : {}),
  }
  return (url, events) => {
    const socket = new WebSocket(url, settings)
    let status = 0
    socket.on('open', () => events.opened())
    socket.on('message', (data: Buffer, is_binary: boolean) =>
      events.heard(is_binary ? data : data.toString('utf8')),
    )
    socket.on('ping', () => events.heard())
    socket.on('unexpected-response', (request, response) => {
      status = response.statusCode ?? 0
      request.destroy(new Error(`HTTP ${status}`))
      socket.terminate()
    })
    socket.on('error', () => {})
    socket.on('close', (code: number) => events.closed(code, status))
    return {
      send(data) {
        if (socket.readyState !== WebSocket.OPEN) return false
        socket.send(data)
        return true
      },
      close: (code = 1000) => socket.close(code),
      terminate: () => socket.terminate(),
    }
  }
}
