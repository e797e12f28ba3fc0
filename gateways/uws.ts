// uWebSockets.js: which of its builds fits this Node and this C library, and the part of its interface that we use.
import { createRequire } from 'node:module'

export type Bytes = string | ArrayBuffer | Uint8Array
/** A listening socket: a handle to close it by, and nothing else. */
export type ListenSocket = Readonly<{ readonly listen_socket: unique symbol }>
/** What `upgrade` is handed through. */
export type UpgradeContext = Readonly<{ readonly upgrade_context: unique symbol }>

/** Lives only until its handler returns: read all that is needed before the first await. */
export interface HttpRequest {
  getHeader(lower_case_name: string): string
  getParameter(index: number): string | undefined
  getUrl(): string
  /** In lower case. */
  getMethod(): string
  /** Raw, without the question mark; '' or undefined for none. */
  getQuery(): string
  getQuery(key: string): string | undefined
  forEach(each: (name: string, value: string) => void): void
  /** Leaves the request to the next route that matches. */
  setYield(yields: boolean): HttpRequest
}

/** Dead after `end`, `close` or an abort: touching it then throws. Writes belong into `cork`. */
export interface HttpResponse {
  writeStatus(status: string): HttpResponse
  writeHeader(name: string, value: string): HttpResponse
  write(chunk: Bytes): boolean
  end(body?: Bytes, close_connection?: boolean): HttpResponse
  /** Hands over as much of the body as the socket takes now; the rest is asked for by `onWritable`. */
  tryEnd(chunk: Uint8Array, total: number, close_connection?: boolean): [taken: boolean, done: boolean]
  /** `offset`: how much of the body has been taken. True when what was handed over was taken. */
  onWritable(handler: (offset: number) => boolean): HttpResponse
  endWithoutBody(reported_length?: number, close_connection?: boolean): HttpResponse
  close(): HttpResponse
  pause(): void
  resume(): void
  cork(write: () => void): HttpResponse
  onAborted(handler: () => void): HttpResponse
  /** The chunk is only valid inside the call: copy it. */
  onData(handler: (chunk: ArrayBuffer, is_last: boolean) => void): HttpResponse
  /** 4 or 16 bytes. */
  getRemoteAddress(): ArrayBuffer
  getRemoteAddressAsText(): ArrayBuffer
  upgrade<Data>(data: Data, key: string, protocol: string, extensions: string, context: UpgradeContext): void
}

/** Dead after its `close` handler began: touching it then throws. */
export interface WebSocket<Data> {
  /** 0: above the back-pressure bound, queued; 1: sent; 2: dropped. */
  send(message: Bytes, is_binary?: boolean, compress?: boolean): number
  getBufferedAmount(): number
  /** A graceful close with a code. */
  end(code?: number, reason?: Bytes): void
  /** Cuts the connection. */
  close(): void
  ping(message?: Bytes): number
  subscribe(topic: string): boolean
  unsubscribe(topic: string): boolean
  publish(topic: string, message: Bytes, is_binary?: boolean, compress?: boolean): boolean
  cork(write: () => void): WebSocket<Data>
  getUserData(): Data
  getRemoteAddressAsText(): ArrayBuffer
}

export interface WebSocketBehavior<Data> {
  readonly maxPayloadLength?: number
  readonly closeOnBackpressureLimit?: boolean | number
  readonly maxLifetime?: number
  readonly idleTimeout?: number
  readonly compression?: number
  readonly maxBackpressure?: number
  readonly sendPingsAutomatically?: boolean
  readonly upgrade?: (res: HttpResponse, req: HttpRequest, context: UpgradeContext) => void
  readonly open?: (ws: WebSocket<Data>) => void
  /** The message is only valid inside the call: copy it. */
  readonly message?: (ws: WebSocket<Data>, message: ArrayBuffer, is_binary: boolean) => void
  readonly drain?: (ws: WebSocket<Data>) => void
  readonly close?: (ws: WebSocket<Data>, code: number, message: ArrayBuffer) => void
  readonly ping?: (ws: WebSocket<Data>, message: ArrayBuffer) => void
  readonly pong?: (ws: WebSocket<Data>, message: ArrayBuffer) => void
}

type Handler = (res: HttpResponse, req: HttpRequest) => void

export interface TemplatedApp {
  listen(host: string, port: number, done: (socket: ListenSocket | false) => void): TemplatedApp
  get(pattern: string, handler: Handler): TemplatedApp
  post(pattern: string, handler: Handler): TemplatedApp
  put(pattern: string, handler: Handler): TemplatedApp
  patch(pattern: string, handler: Handler): TemplatedApp
  del(pattern: string, handler: Handler): TemplatedApp
  options(pattern: string, handler: Handler): TemplatedApp
  head(pattern: string, handler: Handler): TemplatedApp
  any(pattern: string, handler: Handler): TemplatedApp
  ws<Data>(pattern: string, behavior: WebSocketBehavior<Data>): TemplatedApp
  publish(topic: string, message: Bytes, is_binary?: boolean, compress?: boolean): boolean
  numSubscribers(topic: string): number
  /** Closes every socket, listening ones too. */
  close(): TemplatedApp
}

export interface Uws {
  App(): TemplatedApp
  us_listen_socket_close(socket: ListenSocket): void
  us_socket_local_port(socket: ListenSocket): number
  /** The library's own switches, by number. */
  _cfg(key: string): void
  readonly DISABLED: number
  readonly SHARED_COMPRESSOR: number
}

const official = 'uWebSockets.js'
const node_20_old_glibc = '@trufflesuite/uws-js-unofficial'
const newer_glibc = '@btc-vision/uwebsockets.js'

/** The builds that may serve a Node ABI, best first. The second is the only one for the glibc of Debian 12, and ends at ABI 115. */
export const candidates = (abi: number): readonly string[] =>
  abi <= 115 ? [official, node_20_old_glibc, newer_glibc] : [official, newer_glibc]

/**
 * Throws for the JavaScript imitation that `@trufflesuite/uws-js-unofficial` hands out where it has no binary (or
 * where UWS_USE_FALLBACK is set): it is slow and lacks half of the interface. It gives itself away by an `App` that
 * is not native code.
 */
function refuseFallback(build: Uws, name: string): Uws {
  if (!/\{\s*\[native code\]\s*\}/.test(Function.prototype.toString.call(build.App)))
    throw new Error(`${name} fell back to JavaScript`)
  return build
}

/** The first candidate that loads. Throws with the reason of each that did not. */
export function loadUws(names: readonly string[], load: (name: string) => Uws): Uws {
  const reasons: string[] = []
  for (const name of names) {
    try {
      return refuseFallback(load(name), name)
    } catch (error) {
      reasons.push(
        `${name}: ${error instanceof Error ? error.message.split('\n', 3).join(' ') : String(error)}`,
      )
    }
  }
  throw new Error(
    `no build of uWebSockets.js fits Node ABI ${process.versions.modules} on ${process.platform}-${process.arch}:\n  ${reasons.join('\n  ')}\nUse Node 20, or a system with glibc 2.38 or newer.`,
  )
}

const uws = loadUws(candidates(Number(process.versions.modules)), createRequire(import.meta.url))

// Every answer would name the server and its version otherwise.
uws._cfg('999999990007')

export const App = uws.App
export const us_listen_socket_close = uws.us_listen_socket_close
export const us_socket_local_port = uws.us_socket_local_port
