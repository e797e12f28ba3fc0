/**
 * Whether a regular expression may take more than linear time. It is made into its position automaton (Glushkov); a
 * backtracking matcher is super-linear only where two different places can be reached from one place, and stay
 * reachable, by the same repeated word: a loop at `p`, a way from `p` to `q`, and a loop at `q`, all three of one word
 * (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991: criterion IDA, which holds EDA). A search
 * that is not anchored begins anywhere: that is one more loop, over every letter, before the first place.
 */

/** A place of the expression: which letters it takes. */
type Letters = (code: number) => boolean

interface Piece {
  readonly first: readonly number[]
  readonly last: readonly number[]
  readonly empty: boolean
}

/** Repeats above this are as good as endless. */
const unrolled_max = 4

class Automaton {
  readonly letters: Letters[] = []
  readonly follow: Set<number>[] = []
  /** Two loops lead the same way: a text that repeats can be read as either each time. */
  is_doubled = false

  place(letters: Letters): Piece {
    this.letters.push(letters)
    this.follow.push(new Set())
    const at = this.letters.length - 1
    return { first: [at], last: [at], empty: false }
  }

  link(from: readonly number[], to: readonly number[]): void {
    for (const one of from) for (const other of to) this.#step(one, other)
  }

  #step(one: number, other: number): void {
    const steps = this.follow[one]
    if (steps?.has(other)) this.is_doubled = true
    steps?.add(other)
  }
}

const nothing: Piece = { first: [], last: [], empty: true }

/** Reads the source of an expression; throws for what no expression of ours uses (back references, look-behind). */
class Reader {
  readonly automaton = new Automaton()
  readonly anchored: boolean
  ends = false
  readonly #source: string
  readonly #folds: boolean
  #at = 0

  constructor({ source, flags }: RegExp) {
    this.#source = source
    this.#folds = flags.includes('i')
    // With a choice the anchor may belong to a part of it alone.
    this.anchored = source.startsWith('^') && !/^[^([]*\|/.test(source) && !/\)[^([]*\|[^)]*$/.test(source)
  }

  read(): Piece {
    const piece = this.#choice()
    if (this.#at < this.#source.length) throw new Error(`cannot read ${this.#source} at ${this.#at}`)
    return piece
  }

  #peek = () => this.#source[this.#at] ?? ''
  #next = () => this.#source[this.#at++] ?? ''
  #eat(text: string): boolean {
    const found = this.#source.startsWith(text, this.#at)
    if (found) this.#at += text.length
    return found
  }

  #choice(): Piece {
    let whole = this.#sequence()
    while (this.#eat('|')) {
      const other = this.#sequence()
      whole = {
        first: [...whole.first, ...other.first],
        last: [...whole.last, ...other.last],
        empty: whole.empty || other.empty,
      }
    }
    return whole
  }

  #sequence(): Piece {
    let whole = nothing
    while (this.#peek() !== '' && this.#peek() !== '|' && this.#peek() !== ')')
      whole = this.#joined(whole, this.#repeated())
    return whole
  }

  #joined(one: Piece, other: Piece): Piece {
    this.automaton.link(one.last, other.first)
    return {
      first: one.empty ? [...one.first, ...other.first] : one.first,
      last: other.empty ? [...one.last, ...other.last] : other.last,
      empty: one.empty && other.empty,
    }
  }

  #repeated(): Piece {
    const start = this.#at
    const piece = this.#atom()
    const end = this.#at
    const [min, max] = this.#times()
    this.#eat('?')
    if (min === 1 && max === 1) return piece
    const after = this.#at
    const again = () => {
      this.#at = start
      const copy = this.#atom()
      this.#at = Math.max(end, after)
      return copy
    }
    return this.#unrolled(piece, again, min, max)
  }

  /** Written out as often as it must be there, then as often as it may be, or as a loop. */
  #unrolled(piece: Piece, again: () => Piece, min: number, max: number): Piece {
    if (max > unrolled_max && max !== Infinity && min === max) return this.#chain(piece, again, max)
    if (max > unrolled_max) {
      this.automaton.link(piece.last, piece.first)
      return min === 0 ? { ...piece, empty: true } : piece
    }
    let whole: Piece = min > 0 ? piece : { ...piece, empty: true }
    for (let count = 1; count < max; count++) {
      const copy = again()
      whole = this.#joined(whole, count < min ? copy : { ...copy, empty: true })
    }
    return whole
  }

  #chain(piece: Piece, again: () => Piece, count: number): Piece {
    let whole = piece
    for (let made = 1; made < Math.min(count, 64); made++) whole = this.#joined(whole, again())
    return whole
  }

  #times(): readonly [number, number] {
    if (this.#eat('*')) return [0, Infinity]
    if (this.#eat('+')) return [1, Infinity]
    if (this.#eat('?')) return [0, 1]
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.#at))
    if (!found) return [1, 1]
    this.#at += found[0].length
    const min = Number(found[1])
    return [min, found[2] === '' ? min : found[3] === '' ? Infinity : Number(found[3])]
  }

  #atom(): Piece {
    if (this.#eat('^')) return nothing
    if (this.#eat('$')) {
      this.ends = true
      return nothing
    }
    if (this.#eat('\\b') || this.#eat('\\B')) return nothing
    if (this.#peek() === '(') return this.#group()
    if (this.#eat('[')) return this.automaton.place(this.#set())
    if (this.#eat('.')) return this.automaton.place((code) => code !== 10)
    return this.automaton.place(this.#folded(this.#letter()))
  }

  /** What is looked ahead for takes no letters; inside it nothing of ours repeats. */
  #group(): Piece {
    this.#next()
    const ahead = this.#eat('?=') || this.#eat('?!') || this.#eat('?<!') || this.#eat('?<=')
    if (!ahead) this.#eat('?:')
    const piece = this.#choice()
    this.#next()
    return ahead ? nothing : piece
  }

  #letter(): Letters {
    const one = this.#next()
    if (one !== '\\') return (code) => code === one.charCodeAt(0)
    return escapeOf(this.#next(), () => this.#hex())
  }

  #hex(): number {
    const digits = this.#source[this.#at - 1] === 'u' ? 4 : 2
    const code = Number.parseInt(this.#source.slice(this.#at, this.#at + digits), 16)
    this.#at += digits
    return code
  }

  #set(): Letters {
    const negative = this.#eat('^')
    const members: Letters[] = []
    while (this.#peek() !== ']') members.push(this.#member())
    this.#next()
    const fits: Letters = (code) => members.some((member) => member(code))
    return negative ? (code) => !this.#folded(fits)(code) : this.#folded(fits)
  }

  #member(): Letters {
    const from = this.#letter()
    if (this.#peek() !== '-' || this.#source[this.#at + 1] === ']') return from
    this.#next()
    const to = this.#letter()
    const low = onlyOf(from)
    const high = onlyOf(to)
    return (code) => code >= low && code <= high
  }

  #folded(letters: Letters): Letters {
    if (!this.#folds) return letters
    return (code) => {
      const text = String.fromCharCode(code)
      return letters(text.toLowerCase().charCodeAt(0)) || letters(text.toUpperCase().charCodeAt(0))
    }
  }
}

const onlyOf = (letters: Letters) => codes.find(letters) ?? -1
const codes = [...Array.from({ length: 256 }, (_, code) => code), 0x2028, 0xd800, 0xffff]

const classes: Readonly<Record<string, RegExp>> = { d: /\d/, D: /\D/, w: /\w/, W: /\W/, s: /\s/, S: /\S/ }
const named: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, '0': 0 }

function escapeOf(letter: string, hex: () => number): Letters {
  const of_class = classes[letter]
  if (of_class) return (code) => of_class.test(String.fromCharCode(code))
  if (/[1-9k]/.test(letter)) throw new Error('back references are not read')
  const wanted = letter === 'u' || letter === 'x' ? hex() : (named[letter] ?? letter.charCodeAt(0))
  return (code) => code === wanted
}

/** True where the expression is certain to take linear time on any text. */
export function isLinear(expression: RegExp): boolean {
  const reader = new Reader(expression)
  const { first, last } = reader.read()
  const { automaton } = reader
  if (!reader.anchored) begin(automaton, first)
  // A matcher that has reached the end of an expression without `$` is done: it never comes back from there.
  const done = new Set(reader.ends ? [] : last)
  const places = automaton.letters.map((_, index) => index).filter((index) => !done.has(index))
  const step = stepsOf(automaton, places)
  return !automaton.is_doubled && !places.some((p) => places.some((q) => p !== q && isAmbiguous(p, q, step)))
}

/** The loop over every letter before an expression that may begin anywhere. */
function begin(automaton: Automaton, first: readonly number[]): void {
  const start = automaton.place(() => true)
  automaton.link(start.last, [...start.first, ...first])
}

type Steps = ReadonlyMap<number, readonly (readonly number[])[]>

/** From each place, by each kind of letter that the expression tells apart, where it may go. */
function stepsOf({ letters, follow }: Automaton, places: readonly number[]): Steps {
  const kinds = new Map(codes.map((code) => [letters.map((fits) => Number(fits(code))).join(''), code]))
  const samples = [...kinds.values()]
  return new Map(
    places.map((place) => [
      place,
      samples.map((code) =>
        [...(follow[place] ?? [])].filter((to) => places.includes(to) && letters[to]?.(code)),
      ),
    ]),
  )
}

/** A word that leads from p to p, from p to q and from q to q: found by walking all three at once. */
function isAmbiguous(p: number, q: number, steps: Steps): boolean {
  const goal = `${p} ${q} ${q}`
  const seen = new Set<string>()
  let edge: readonly Triple[] = [[p, p, q]]
  while (edge.length > 0 && !seen.has(goal)) {
    const reached = edge.flatMap((triple) => [...triplesFrom(triple, steps)])
    edge = reached.filter((triple) => {
      const key = triple.join(' ')
      const is_new = !seen.has(key)
      seen.add(key)
      return is_new
    })
  }
  return seen.has(goal)
}

type Triple = readonly [number, number, number]

function* triplesFrom([one, two, three]: Triple, steps: Steps): Generator<Triple> {
  const [ones = [], twos = [], threes = []] = [steps.get(one), steps.get(two), steps.get(three)]
  for (const [kind, firsts] of ones.entries())
    for (const a of firsts)
      for (const b of twos[kind] ?? []) for (const c of threes[kind] ?? []) yield [a, b, c]
}
