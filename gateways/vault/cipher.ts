// How one person's texts are sealed: AES-256-GCM, with a nonce that follows from field and text, so that the same text is the same sealed text.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { limits } from '../../protocols/limits.ts'
import { type Sealed, sealedHead } from '../../protocols/personal.ts'

const nonce_bytes = 12
const tag_bytes = 16

/** Seals and opens the texts of one person. */
export interface Cipher {
  /** The same field and text give the same sealed text: repeats of a command stay repeats, and a change shows as one. */
  seal(field: string, text: string): string
  /** Undefined: it was not sealed under this key, or was changed since. */
  open(sealed: Sealed): string | undefined
}

/** The cipher of a person from his key of 32 bytes; what is sealed is bound to his id and to its own length. */
export function cipherOf(person_id: string, key: Uint8Array): Cipher {
  const sealing = subkey(key, 'seal')
  const naming = subkey(key, 'nonce')
  /** What was opened last: lists show the same texts again and again. Gone with the cipher when its person is erased. */
  const recent = new Map<string, string>()
  return {
    seal(field, text) {
      const nonce = createHmac('sha256', naming).update(`${field}\0${text}`).digest().subarray(0, nonce_bytes)
      const head = sealedHead({ person_id, characters: text.length })
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce)
      cipher.setAAD(Buffer.from(head))
      const bytes = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return head + Buffer.concat(bytes).toString('base64url')
    },

    open(sealed) {
      const known = recent.get(sealed.code)
      // The code is bound to its length: a text under another one is not what was opened.
      if (known?.length === sealed.characters) return known
      const text = opened(sealing, sealed)
      if (
        text !== undefined &&
        text.length === sealed.characters &&
        text.length <= limits.opened_texts.characters_max
      ) {
        if (recent.size >= limits.opened_texts.each_max) recent.clear()
        recent.set(sealed.code, text)
      }
      return text
    },
  }
}

const subkey = (key: Uint8Array, use: string) =>
  createHmac('sha256', key).update(`kilat personal ${use}`).digest()

function opened(sealing: Uint8Array, sealed: Sealed): string | undefined {
  const bytes = Buffer.from(sealed.code, 'base64url')
  const end = bytes.length - tag_bytes
  const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, nonce_bytes))
  decipher.setAAD(Buffer.from(sealedHead(sealed)))
  decipher.setAuthTag(bytes.subarray(end))
  try {
    const text = decipher.update(bytes.subarray(nonce_bytes, end), undefined, 'utf8')
    return text + decipher.final('utf8')
  } catch {
    return undefined
  }
}
