// An authority of the test's own, and certificates of it: made anew each time, so that no key is ever kept.
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const sequence = 0x30
const set = 0x31
const integer = 0x02
const bits = 0x03
const octets = 0x04
const object_id = 0x06
const utf8 = 0x0c
const boolean = 0x01
const general_time = 0x18

/** ITU-T X.690: a tag, a length, and what is in it. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content])
  const size = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const id = (hex: string) => der(object_id, Buffer.from(hex, 'hex'))
const common_name = id('550403')
const ecdsa_with_sha256 = der(sequence, id('2a8648ce3d040302'))
const named = (name: string) =>
  der(sequence, der(set, der(sequence, common_name, der(utf8, Buffer.from(name)))))
const timed = (ms: number) =>
  der(
    general_time,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, '')
        .replace('Z', '')}Z`,
    ),
  )
const extension = (name: string, critical: boolean, value: Buffer) =>
  der(sequence, id(name), ...(critical ? [der(boolean, Buffer.from([255]))] : []), der(octets, value))

/** RFC 5280: an authority may sign others; anybody else is 127.0.0.1. */
const extensionsOf = (is_authority: boolean) =>
  is_authority
    ? extension('551d13', true, der(sequence, der(boolean, Buffer.from([255]))))
    : extension('551d11', false, der(sequence, Buffer.from([0x87, 4, 127, 0, 0, 1])))

export interface Authority {
  readonly name: string
  readonly key: KeyObject
  /** PEM. */
  readonly certificate: string
}

interface Wanted {
  readonly name: string
  /** Absent: it signs itself, and others. */
  readonly by?: Authority
  /** When it ends. */
  readonly until_ms?: number
}

const hour_ms = 3_600_000

function certified({ name, by, until_ms = Date.now() + hour_ms }: Wanted): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = by?.key ?? privateKey
  const body = der(
    sequence,
    der(0xa0, der(integer, Buffer.from([2]))),
    der(integer, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsa_with_sha256,
    named(by?.name ?? name),
    der(sequence, timed(until_ms - 24 * hour_ms), timed(until_ms)),
    named(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(sequence, extensionsOf(by === undefined))),
  )
  const signature = der(bits, Buffer.from([0]), sign('sha256', body, key))
  const text = der(sequence, body, ecdsa_with_sha256, signature).toString('base64')
  const lines = text.replaceAll(/(.{64})/g, '$1\n').trim()
  return {
    name,
    key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

export const authority = (name: string): Authority => certified({ name })

export interface Files {
  readonly cert: string
  readonly key: string
}

/** A certificate for 127.0.0.1 and its key, as files in `dir`. */
export function issued(dir: string, name: string, by: Authority, until_ms?: number): Files {
  const { certificate, key } = certified({ name, by, ...(until_ms === undefined ? {} : { until_ms }) })
  const files = { cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) }
  writeFileSync(files.cert, certificate)
  writeFileSync(files.key, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return files
}
