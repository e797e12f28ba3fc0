// Bodies of requests: read with a bound in bytes and in time, then taken as a JSON object.
import type { Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import type { HttpResponse } from '../uws.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

type Fields = Readonly<Record<string, unknown>>

/**
 * Resolves with the bytes, `request.too_large` or `request.too_slow`. A body that is too large is read to its end
 * and dropped, up to `body_drain_bytes_max`: a connection that is cut while its client still writes would lose the
 * answer. Never resolves when the client goes away. `stopped` ends the clock.
 */
export function readBody(
  res: HttpResponse,
  env: Env,
): { readonly done: Promise<Uint8Array | Rejection>; readonly stop: () => void } {
  let stop = () => {}
  const done = new Promise<Uint8Array | Rejection>((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    stop = env.after(limits.request_timeout_ms, () =>
      resolve(reject('request.too_slow', `its body must arrive within ${limits.request_timeout_ms} ms`)),
    )
    const finish = (outcome: Uint8Array | Rejection) => {
      stop()
      resolve(outcome)
    }
    res.onData((chunk, is_last) => {
      size += chunk.byteLength
      const fits = size <= limits.body_bytes_max
      if (fits) chunks.push(Buffer.from(Buffer.from(chunk)))
      else chunks.length = 0
      if (is_last) finish(fits ? Buffer.concat(chunks) : tooLarge())
      else if (size > limits.body_drain_bytes_max) finish(tooLarge())
    })
  })
  return { done, stop }
}

const tooLarge = () => reject('request.too_large', `at most ${limits.body_bytes_max} bytes`)

/** The object that the bytes spell, an empty one for none; or `request.malformed` with what is wrong and where. */
export function parseBody(bytes: Uint8Array): { readonly body: Fields } | Rejection {
  if (bytes.length === 0) return { body: {} }
  let value: unknown
  try {
    value = parseJson(utf8.decode(bytes))
  } catch (error) {
    return reject('request.malformed', whatIsWrong(error))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return reject('request.malformed', 'the body must be a JSON object')
  return { body: value as Fields }
}

/**
 * A field that is null counts as left out, as it always did for the apps. A key `__proto__` would reach every object
 * once somebody assigns it, so it never gets in.
 */
function parseJson(text: string): unknown {
  if (!/null|__proto__|\\u/.test(text)) return JSON.parse(text)
  return JSON.parse(text, (key, value) => (value === null || key === '__proto__' ? undefined : value))
}

function whatIsWrong(error: unknown): string {
  if (error instanceof SyntaxError) return whereIn(error)
  return error instanceof RangeError ? 'the body is nested too deeply' : 'the body is not UTF-8'
}

/** V8 quotes a part of the text in some messages: what the client wrote stays out of ours. */
function whereIn({ message }: SyntaxError): string {
  const position = /position (\d+)/.exec(message)
  if (position) return `the body is not JSON: wrong at character ${position[1]}`
  return message.includes('end of JSON') ? 'the body is not JSON: it ends too early' : 'the body is not JSON'
}
