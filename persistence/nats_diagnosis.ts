/** What stands between NATS and us, looked at once more after a connection failed without saying why. */
import { connect as connectPlain, isIP } from 'node:net'
import { type ConnectionOptions, connect as connectSecure } from 'node:tls'

const look_ms = 2_000

/**
 * Greets the server and begins TLS with the same options. Resolves with what either side says against it; undefined
 * when both go on, or nobody is there. A server that does not like our certificate says so only after the handshake,
 * and the client then waits in vain.
 */
export function tlsFlaw(server: string, tls: ConnectionOptions): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(`nats://${server}`)
    const socket = connectPlain(Number(port === '' ? 4222 : port), hostname)
    const end = (flaw?: Error) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(flaw)
    }
    const timer = setTimeout(end, look_ms)
    socket.once('error', () => end())
    // Its first words are plain: what it is and that it wants TLS.
    socket.once('data', () => {
      const name = isIP(hostname) === 0 ? { servername: hostname } : {}
      const secure = connectSecure({ ...tls, ...name, socket })
      secure.once('error', end)
      secure.once('close', () =>
        end(
          new Error(
            'NATS ended the connection after the greeting: is our certificate one of its authority’s?',
          ),
        ),
      )
    })
  })
}
