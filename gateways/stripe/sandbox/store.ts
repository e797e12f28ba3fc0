// The sandbox's memory on disk: one JSON line a change, synced before anybody is answered; half a line at the end is dropped.
import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Changes, SandboxApi, Saved } from './api.ts'
import type { Told } from './ledger.ts'
import type { Intent } from './objects.ts'

type Line =
  | { readonly intent: Intent }
  | { readonly told: Told }
  | { readonly saved: Saved }
  | { readonly delivered: string }

export class SandboxStore {
  readonly #path: string
  #file = -1

  constructor(path: string) {
    this.#path = path
  }

  /** Fills the sandbox with what was there, and gives the webhooks that are still owed. Begins a fresh, shorter file. */
  open(api: SandboxApi): readonly Told[] {
    const owed = new Map<string, Told>()
    for (const line of this.#lines())
      if ('intent' in line) api.ledger.restore(line.intent)
      else if ('saved' in line) api.restoreKey(line.saved)
      else if ('told' in line) owed.set(line.told.id, line.told)
      else owed.delete(line.delivered)
    const told = [...owed.values()]
    this.#begin({ intents: api.ledger.intents, saved: api.keys, told })
    return told
  }

  append({ intents, saved, told }: Changes): void {
    if (intents.length + saved.length + told.length > 0) this.#write(linesOf({ intents, saved, told }))
  }

  delivered(id: string): void {
    this.#write([{ delivered: id }])
  }

  close(): void {
    closeSync(this.#file)
  }

  #lines(): readonly Line[] {
    let text = ''
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }

  #begin(all: Changes): void {
    const fresh = `${this.#path}.new`
    this.#file = openSync(fresh, 'w', 0o600)
    this.#write(linesOf(all))
    fsyncSync(this.#file)
    renameSync(fresh, this.#path)
    const folder = openSync(dirname(this.#path), 'r')
    fsyncSync(folder)
    closeSync(folder)
  }

  #write(lines: readonly Line[]): void {
    if (lines.length === 0) return
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    for (let start = 0; start < bytes.length; ) start += writeSync(this.#file, bytes, start)
    fdatasyncSync(this.#file)
  }
}

const linesOf = ({ intents, saved, told }: Changes): readonly Line[] => [
  ...intents.map((intent) => ({ intent })),
  ...saved.map((each) => ({ saved: each })),
  ...told.map((each) => ({ told: each })),
]
