// What is fuzzed, and how a failing input is found, made small and told so that anybody can repeat it.
import fc, { type Arbitrary } from 'fast-check'

/** Counts what became of an input. */
export type Tally = (outcome: string) => void

export interface Target<Input> {
  readonly name: string
  /** Its part of the inputs of a whole run; parts need not add up to anything. */
  readonly share: number
  /** Inputs that are tried together, at most. */
  readonly batch: number
  readonly input: Arbitrary<Input>
  /** Tries inputs in this order. Throws when one of them led to what may never be. */
  attempt(inputs: readonly Input[], tally: Tally): void | Promise<void>
}

export interface Part {
  readonly inputs: number
  readonly seed: number
  /** Of a failure that is to be repeated. */
  readonly path?: string
  /** Of `performance.now()`: no new batch after it. */
  readonly until_ms: number
  /** After each batch. */
  readonly progress?: (tried: number) => void
}

export interface Failure {
  readonly seed: number
  /** Together with the seed it makes the input again. */
  readonly path: string
  readonly input: string
  readonly why: string
}

export interface Tried {
  readonly name: string
  readonly tried: number
  readonly seconds: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly Failure[]
}

/** A target whose kind of input no longer matters. */
export interface Fuzzed {
  readonly name: string
  readonly share: number
  run(part: Part): Promise<Tried>
}

/** One failure is mostly found again and again. */
const failures_max = 3
const batches_per_round = 64
/** Making an input small may take so long. */
const shrink_ms = 20_000

export function fuzzed<Input>(target: Target<Input>): Fuzzed {
  return { name: target.name, share: target.share, run: (part) => run(target, part) }
}

async function run<Input>(target: Target<Input>, part: Part): Promise<Tried> {
  const began_ms = performance.now()
  const outcomes: Record<string, number> = {}
  const tally: Tally = (outcome) => {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  const failures: Failure[] = []
  let tried = 0
  const seen = (count: number) => {
    tried += count
    part.progress?.(tried)
  }
  const isOver = () =>
    tried >= part.inputs || failures.length >= failures_max || performance.now() >= part.until_ms
  for (let round = 0; !isOver(); round++) {
    const failure = await oneRound(target, part, { round, left: part.inputs - tried, tally, seen })
    if (failure) failures.push(failure)
    if (part.path !== undefined) break
  }
  return { name: target.name, tried, seconds: (performance.now() - began_ms) / 1_000, outcomes, failures }
}

interface Round {
  readonly round: number
  readonly left: number
  readonly tally: Tally
  readonly seen: (count: number) => void
}

async function oneRound<Input>(
  target: Target<Input>,
  { seed, path, until_ms }: Part,
  { round, left, tally, seen }: Round,
): Promise<Failure | undefined> {
  const batch = fc.array(target.input, { minLength: 1, maxLength: target.batch, size: 'max' })
  let failed_ms = Number.POSITIVE_INFINITY
  const attempt = fc.asyncProperty(batch, async (inputs) => {
    // What is tried to make a failure small is no input, and has its own time.
    if (performance.now() - failed_ms > shrink_ms) throw new fc.PreconditionFailure(true)
    try {
      await target.attempt(inputs, tally)
    } catch (error) {
      failed_ms = Math.min(failed_ms, performance.now())
      throw error
    }
    if (failed_ms === Number.POSITIVE_INFINITY) seen(inputs.length)
  })
  const numRuns = Math.max(1, Math.min(batches_per_round, Math.ceil(left / Math.ceil(target.batch / 2))))
  const { failed, counterexample, counterexamplePath, errorInstance, ...told } = await fc.check(attempt, {
    seed: (seed + round) | 0,
    ...(path === undefined ? {} : { path }),
    numRuns,
    interruptAfterTimeLimit: Math.max(1_000, until_ms - performance.now() + shrink_ms),
    markInterruptAsFailure: false,
  })
  if (!failed) return undefined
  return {
    seed: told.seed,
    path: counterexamplePath ?? '',
    input: fc.stringify(counterexample?.[0]),
    why:
      errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance),
  }
}

/** Held to be true of every input. */
export function insist(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

/** The outcome of work that may only end in one of these ways; anything else that is thrown goes on. */
export function ending<Value>(
  work: () => Value,
  allowed: (error: unknown) => boolean,
): { readonly value: Value } | { readonly refused: string } {
  try {
    return { value: work() }
  } catch (error) {
    if (!allowed(error)) throw error
    return { refused: error instanceof Error ? error.message : String(error) }
  }
}
