// A client that may call from any address of 127.0.0.0/8, so that limits count it as somebody of its own.
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { codeIn, undeclared } from '../../gateways/http/declared.given.ts'

export interface Asked {
  readonly method?: string
  readonly path: string
  readonly token?: string
  readonly body?: string | object
  readonly headers?: Readonly<Record<string, string>>
  /** The address that calls. */
  readonly from?: string
}
export interface Told {
  /** 0 where the connection was cut. */
  readonly status: number
  readonly code: string
  readonly text: string
}

const lines = new Map<string, Agent>()
/** What was answered and is not in the document of the door, each once. */
export const undeclared_answers = new Set<string>()

/** Connections of an address are kept, and closed by `hangUp`. */
function lineOf(from: string): Agent {
  const known =
    lines.get(from) ?? new Agent({ keepAlive: true, maxSockets: 16, localAddress: from } as object)
  lines.set(from, known)
  return known
}

export function hangUp(): void {
  for (const line of lines.values()) line.destroy()
  lines.clear()
}

/** One request; never rejects. */
export function ask(port: number, asked: Asked): Promise<Told> {
  const { method = 'GET', path, token, body, headers = {}, from = '127.0.0.1' } = asked
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const sent = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...headers,
  }
  return new Promise((resolve) => {
    const cut = () => resolve({ status: 0, code: 'cut', text: '' })
    const call = request(
      { host: '127.0.0.1', port, method, path, headers: sent, agent: lineOf(from) },
      (answer) => {
        let seen = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          seen += chunk
        })
        answer.on('error', cut).on('end', () => {
          const told = { status: answer.statusCode ?? 0, code: codeIn(seen), text: seen }
          const flaw = undeclared(method, path, told.status, told.code)
          if (flaw !== undefined) undeclared_answers.add(flaw)
          resolve(told)
        })
      },
    )
    call.on('error', cut)
    call.end(text)
  })
}

/** A socket that was let in, or the status of the answer instead; 0 where the connection was cut. */
export function knockAt(port: number, path: string, from: string): Promise<WebSocket | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    perMessageDeflate: false,
    localAddress: from,
  } as object)
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (asked, answer) => {
      answer.resume()
      asked.destroy()
      resolve(answer.statusCode ?? 0)
    })
    socket.on('error', () => resolve(0))
  })
}

/** How a socket is closed by the other side. */
export const closeOf = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) resolve(1006)
    else socket.once('close', resolve)
  })

/** Writes a first text and then a little more each `each_ms`; resolves with the milliseconds until the server closed. */
export function drip(
  port: number,
  from: string,
  first: string,
  more: string,
  each_ms: number,
): Promise<number> {
  const began_ms = performance.now()
  const socket: Socket = connect({ port, host: '127.0.0.1', localAddress: from })
  socket.on('error', () => {}).resume()
  socket.write(first)
  const timer = setInterval(() => more !== '' && socket.write(more), each_ms)
  return new Promise((resolve) => {
    socket.once('close', () => {
      clearInterval(timer)
      resolve(performance.now() - began_ms)
    })
  })
}
