/** Calls back those who asked. What one of them throws is thrown on. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>()

  /** The returned function ends it. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const known = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, known)
    known.add(listener)
    return () => known.delete(listener)
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const known = this.#listeners.get(name)
    if (known) for (const listener of known) (listener as (value: Events[Name]) => void)(value)
  }
}
