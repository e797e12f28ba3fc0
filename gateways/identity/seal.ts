// Records that can be read only by who brings their id: the store has neither the id nor the key that is made of it.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const iv_bytes = 12
const tag_bytes = 16
const keyOf = (id: string, model: string) =>
  Buffer.from(hkdfSync('sha256', id, 'kilat sealed record', model, 32))

/** What a record is found by. */
export const hashOfId = (id: string): Uint8Array => createHash('sha256').update(id).digest()

/** The object in AES-256-GCM under a key of its id and model, in base64url. */
export function seal(model: string, id: string, value: object): string {
  const iv = randomBytes(iv_bytes)
  const cipher = createCipheriv('aes-256-gcm', keyOf(id, model), iv)
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')
}

/** What was sealed under this model and id. Throws for any other. */
export function unseal(model: string, id: string, sealed: string): Readonly<Record<string, unknown>> {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', keyOf(id, model), bytes.subarray(0, iv_bytes))
  decipher.setAuthTag(bytes.subarray(iv_bytes, iv_bytes + tag_bytes))
  const text = Buffer.concat([decipher.update(bytes.subarray(iv_bytes + tag_bytes)), decipher.final()])
  return JSON.parse(text.toString('utf8'))
}
