/**
 * Sealed texts: all that journal, snapshots, projections and topics hold of what people say about themselves. One is
 * `~1.<person>.<characters>.<base64url>`, with the length of what was sealed, and may stand inside a longer text, since
 * actors put texts together without reading them.
 */

const prefix = '~1.'
const token = /~1\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,5})\.([A-Za-z0-9_-]{38,})/g
/** Prefix, person, characters, and what AES-GCM makes of no text at all. */
const token_length_min = prefix.length + 36 + 1 + 1 + 1 + 38

/** The parts of a sealed text: whose it is, how many UTF-16 units it had, and nonce, ciphertext and tag as base64url. */
export interface Sealed {
  readonly person_id: string
  readonly characters: number
  readonly code: string
}

/** What all sealed texts of a person begin with. */
export const sealedPrefix = (person_id: string): string => `${prefix}${person_id}.`

/** The head of a sealed text, which its code is bound to. */
export const sealedHead = ({ person_id, characters }: Omit<Sealed, 'code'>): string =>
  `${sealedPrefix(person_id)}${characters}.`

/** Whether there is a sealed text in it. Reads no further than it must: most texts are short, and hold none. */
export const holdsSealed = (text: string): boolean =>
  text.length >= token_length_min && text.includes(prefix) && text.search(token) >= 0

/** The text with what `replace` makes of each sealed text in it. */
export const replaceSealed = (text: string, replace: (sealed: Sealed) => string): string =>
  text.length >= token_length_min && text.includes(prefix)
    ? text.replace(token, (_all, person_id: string, characters: string, code: string) =>
        replace({ person_id, characters: Number(characters), code }),
      )
    : text

/** How many characters its reader will see. */
export function charactersOf(text: string): number {
  let sealed = 0
  const rest = replaceSealed(text, ({ characters }) => {
    sealed += characters
    return ''
  })
  return rest.length + sealed
}

/** The longest that a text of so many characters may become: three bytes each in UTF-8, four letters for three bytes. */
export const sealedMax = (characters: number): number => 4 * characters + 96
