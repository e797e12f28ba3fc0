/** What it takes to forget a person, and to show that he is forgotten. */

export interface Person {
  readonly id: string
  readonly email: string
  readonly phone: string
  readonly full_name: string
  /** He was erased before. */
  readonly erased: boolean
}

/** Every method rejects with a Fault when the database is away. */
export interface Erasure {
  /** By id or email. Undefined: nobody is known by it. */
  person(name: string): Promise<Person | undefined>
  /** What still ties him to others, in words: live bookings, money that is held. */
  ties(person_id: string): Promise<readonly string[]>
  /** How many other accounts have this very name, and this phone. */
  namesakes(person: Person): Promise<Readonly<{ full_name: number; phone: number }>>
  /**
   * Destroys his key and every plain record about him, in one transaction: how many rows by table. What bookkeeping
   * needs stays, under an id that means nothing any more; he cannot log in, and what he held to log in with is gone.
   */
  erase(person: Person, now_ms: number): Promise<Readonly<Record<string, number>>>
}

/** Where something was found: a stream, or a column of a table. */
export interface Trace {
  readonly place: string
  /** Sealed texts of the person, each as often as it is there. */
  readonly sealed: readonly string[]
  /** By needle: in how many messages or rows it is. */
  readonly plain: readonly number[]
}

/** Looks through all that is kept, for the sealed texts of a person and for texts as they were said. */
export interface Traces {
  /** Streams and tables, and how much was looked at. Rejects with a Fault. */
  search(person_id: string, needles: readonly string[]): Promise<Searched>
}

export interface Searched {
  readonly messages: number
  readonly columns: number
  /** Places where something was found. */
  readonly found: readonly Trace[]
}
