/** How one thread comes by the numbers of all: it asks the main thread, which asks everybody. */
import type { Env } from '../engine/env.ts'
import { limits } from '../protocols/limits.ts'
import { exposition, type Measured } from './metrics.ts'

/** What a worker tells of it, and what it hears. */
export type ScrapeWord =
  | { readonly type: 'scrape' }
  | { readonly type: 'measured'; readonly number: number; readonly measured: Measured }
export type ScrapeOrder =
  | { readonly type: 'measure'; readonly number: number }
  | { readonly type: 'scraped'; readonly all: readonly Measured[] }

/** A worker's end. At most one question is open: those who ask meanwhile share its answer. */
export class Scraper {
  readonly #tell: (word: ScrapeWord) => void
  readonly #measure: () => Measured
  #open: { readonly text: Promise<string>; readonly resolve: (all: readonly Measured[]) => void } | undefined

  constructor(tell: (word: ScrapeWord) => void, measure: () => Measured) {
    this.#tell = tell
    this.#measure = measure
  }

  /** The numbers of every thread that answered in time, as Prometheus reads them. */
  text(): Promise<string> {
    this.#open ??= this.#begin()
    return this.#open.text
  }

  hear(order: ScrapeOrder): void {
    if (order.type === 'measure')
      this.#tell({ type: 'measured', number: order.number, measured: this.#measure() })
    else {
      this.#open?.resolve(order.all)
      this.#open = undefined
    }
  }

  #begin() {
    let resolve: (all: readonly Measured[]) => void = () => {}
    const all = new Promise<readonly Measured[]>((settle) => {
      resolve = settle
    })
    this.#tell({ type: 'scrape' })
    return { text: all.then(exposition), resolve }
  }
}

export interface ScrapesParts {
  readonly env: Env
  readonly workers: number
  readonly send: (thread: number, order: ScrapeOrder) => void
  /** The numbers of the process itself. */
  readonly own: () => Promise<Measured>
}

interface Scrape {
  readonly for: number
  readonly measured: Measured[]
  readonly cancel: () => void
}

/** The main thread's end. A thread that does not answer within `limits.scrape_ms` is left out. */
export class Scrapes {
  readonly #parts: ScrapesParts
  readonly #open = new Map<number, Scrape>()
  #next = 1

  constructor(parts: ScrapesParts) {
    this.#parts = parts
  }

  hear(thread: number, word: ScrapeWord): void {
    if (word.type === 'scrape') this.#begin(thread)
    else this.#add(word.number, word.measured)
  }

  #begin(thread: number): void {
    const { env, workers, send } = this.#parts
    const number = this.#next++
    const cancel = env.after(limits.scrape_ms, () => this.#end(number))
    this.#open.set(number, { for: thread, measured: [], cancel })
    for (let each = 0; each < workers; each++) send(each, { type: 'measure', number })
  }

  #add(number: number, measured: Measured): void {
    const scrape = this.#open.get(number)
    if (!scrape) return
    scrape.measured.push(measured)
    if (scrape.measured.length === this.#parts.workers) this.#end(number)
  }

  async #end(number: number): Promise<void> {
    const scrape = this.#open.get(number)
    if (!scrape) return
    this.#open.delete(number)
    scrape.cancel()
    this.#parts.send(scrape.for, { type: 'scraped', all: [...scrape.measured, await this.#parts.own()] })
  }
}
