/** Something went otherwise than the story says: the scene ends here. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}

export type Print = (line: string) => void
type Kind = 'http' | 'socket' | 'feed' | 'event' | 'money' | 'note'

const uuids = /([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi
/** Ids as people read them aloud. */
const short = (text: string): string => text.replaceAll(uuids, '$1')

/** Tells a story step by step, and holds what happens against what should. */
export class Narrator {
  readonly #print: Print
  #steps = 0
  #checks = 0

  constructor(print: Print) {
    this.#print = print
  }

  /** What was held against the story so far. */
  get checks(): number {
    return this.#checks
  }

  scene(title: string): void {
    this.#steps = 0
    this.#print(`\n== ${title}`)
  }

  step(title: string): void {
    this.#steps += 1
    this.#print(`\n${String(this.#steps).padStart(2)}  ${title}`)
  }

  say(kind: Kind, text: string): void {
    this.#print(`    ${kind.padEnd(6)}  ${short(text)}`)
  }

  /** Throws `Unexpected` unless both are the same as JSON. */
  expect(what: string, found: unknown, wanted: unknown): void {
    const [is, should] = [JSON.stringify(found), JSON.stringify(wanted)]
    this.#checks += 1
    if (is !== should) throw new Unexpected(`${what}: ${is} instead of ${should}`)
  }
}

/** Sen as people write them. */
export const ringgit = (cents: number, currency = 'MYR'): string => `${currency} ${(cents / 100).toFixed(2)}`
