import { limits } from '../protocols/limits.ts'
import type { Env } from './env.ts'

/** The newest reading counts this much: a single long turn is no overload, several are. */
const weight = 0.3

/** How late the event loop of this thread is, smoothed, in milliseconds: what admission goes by. */
export class LoopDelay {
  readonly #env: Env
  #late_ms = 0
  #closed = false

  constructor(env: Env) {
    this.#env = env
    this.#probe()
  }

  get late_ms(): number {
    return this.#late_ms
  }

  close(): void {
    this.#closed = true
  }

  #probe(): void {
    if (this.#closed) return
    const due_ms = this.#env.monotonic_ms() + limits.loop_probe_ms
    this.#env.after(limits.loop_probe_ms, () => {
      const late_ms = Math.max(0, this.#env.monotonic_ms() - due_ms)
      this.#late_ms += weight * (late_ms - this.#late_ms)
      this.#probe()
    })
  }
}
