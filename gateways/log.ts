/** Lines for operators: JSON, or for people where the error stream is a terminal. Secrets are struck out on the way. */
import { isatty } from 'node:tty'
import { type DestinationStream, destination, type LevelWithSilent, pino } from 'pino'
import type { Env } from '../engine/env.ts'
import { limits } from '../protocols/limits.ts'

/** Fields of these names are never written, at the top or one level down. */
const secret_fields = [
  'access_token',
  'authorization',
  'cookie',
  'database_url',
  'id_token',
  'nats_url',
  'password',
  'password_hash',
  'refresh_token',
  'secret',
  'signing_keys',
  'token',
]
const censor = '[redacted]'

/** What a secret looks like inside a text: an address with a password, a bearer token, a JWT, a key of a payment service. */
const secrets: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/(:\/\/)[^\s/@:]*:[^\s/@]+@/g, `$1${censor}@`],
  [/\b((?:bearer|basic)\s+)[\w.~+/-]+=*/gi, `$1${censor}`],
  [/\beyJ[\w.-]{8,}/g, censor],
  [/\b(?:sk|rk|whsec|pk)_(?:test_|live_)?\w{8,}/g, censor],
  [/(kilat_session=)[\w-]+/g, `$1${censor}`],
  [/("(?:\w*password|\w*token|\w*secret)"\s*:\s*")[^"]*/gi, `$1${censor}`],
  [/([?&](?:token|access_token|code|client_secret)=)[^&\s]+/gi, `$1${censor}`],
]

/** The text, as much of it as is logged, without what looks like a secret. */
export const struck = (text: string): string =>
  secrets.reduce(
    (rest, [pattern, instead]) => rest.replace(pattern, instead),
    text.slice(0, limits.log_text_chars_max),
  )

type Fields = Readonly<Record<string, unknown>>

const struckFields = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? struck(value) : value]),
  )

/**
 * Lines of `level` and above; `where` names the thread. A worker writes straight to the stream, each line in one call:
 * lines of threads do not mix, and none is lost when a process ends. `to` is the error stream when absent.
 */
export function openLog(level: LevelWithSilent, where: string, to?: DestinationStream): Env['log'] {
  const out = to ?? (isatty(2) ? forPeople() : destination({ fd: 2, sync: true }))
  const logger = pino(
    {
      level,
      base: { where },
      messageKey: 'what',
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: struckFields },
      redact: { paths: [...secret_fields, ...secret_fields.map((name) => `*.${name}`)], censor },
    },
    out,
  )
  return (of, what, fields) => {
    if (logger.isLevelEnabled(of)) logger[of](fields ?? {}, struck(what))
  }
}

/** `22:41:07 warn  worker 1: a frame is late (shard=3)`. */
export function humanLine(line: string): string {
  const { at, level, where, what, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`)
  const more = rest.length === 0 ? '' : ` (${rest.join(', ')})`
  return `${String(at).slice(11, 19)} ${String(level).padEnd(5)} ${where}: ${what}${more}\n`
}

function forPeople(): DestinationStream {
  const out = destination({ fd: 2, sync: true })
  return { write: (line) => void out.write(humanLine(line)) }
}
