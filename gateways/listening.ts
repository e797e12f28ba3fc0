/** The doors of one thread on their ports: the whole system on one, and parts of it alone on those that are configured. */
import type { Context } from './http/context.ts'
import type { HttpDoors } from './http/request.ts'
import { type MountedHttp, mountHttp } from './http/server.ts'
import { App, type ListenSocket, type TemplatedApp, us_listen_socket_close } from './uws.ts'
import { mountFeed } from './ws/feed.ts'
import { type Mounted, mountRunnerSocket } from './ws/runner.ts'

export interface OpenDoors {
  /** Open sockets by kind. */
  count(): Readonly<Record<'runner' | 'tracking', number>>
  /** Lets nobody new in. */
  stopListening(): void
  /** Another engine serves now: closes every socket, and sends whoever comes there. The ports stay, for operations. */
  turnOut(): Promise<void>
  /** Closes every socket, then the ports. */
  close(): Promise<void>
}

interface Listening {
  readonly app: TemplatedApp
  readonly socket: ListenSocket
  readonly http: MountedHttp
  readonly runner: Mounted | undefined
  readonly tracking: Mounted | undefined
}

/** Rejects when a port cannot be had. */
export async function openListeners(doors: HttpDoors): Promise<OpenDoors> {
  const { port, listeners } = doors.config
  const all = [await listenOn(port, doors)]
  for (const part of listeners) all.push(await listenOn(part.port, { ...doors, context: part.context }))
  const counted = (kind: 'runner' | 'tracking') =>
    all.reduce((sum, listening) => sum + (listening[kind]?.count() ?? 0), 0)
  const closeSockets = () =>
    Promise.all(all.flatMap(({ runner, tracking }) => [runner?.close(), tracking?.close()]))
  return {
    count: () => ({ runner: counted('runner'), tracking: counted('tracking') }),
    stopListening: () => {
      for (const { socket } of all) us_listen_socket_close(socket)
    },
    turnOut: async () => {
      for (const { http } of all) http.turnOut()
      await closeSockets()
    },
    close: async () => {
      await closeSockets()
      // A thread that ends with an open app takes the whole process with it.
      for (const { app } of all) app.close()
    },
  }
}

async function listenOn(port: number, doors: HttpDoors): Promise<Listening> {
  const app = App()
  const has = (context: Context) => doors.context === undefined || doors.context === context
  const runner = has('runner') ? mountRunnerSocket(app, doors) : undefined
  const tracking = has('tracking') ? mountFeed(app, doors) : undefined
  const http = mountHttp(app, doors)
  return { app, http, socket: await listen(app, doors.config.bind_address, port), runner, tracking }
}

function listen(app: TemplatedApp, address: string, port: number): Promise<ListenSocket> {
  return new Promise((resolve, reject) => {
    app.listen(address, port, (socket) => {
      if (socket) resolve(socket)
      else reject(new Error(`port ${port} of ${address} cannot be listened on`))
    })
  })
}
