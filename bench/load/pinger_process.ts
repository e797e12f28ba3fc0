import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PingCounts } from './pinger.ts'
import type { PingerAnswer, PingerOrder } from './pinger_child.ts'

// Beside this file once it is built.
const program = fileURLToPath(new URL('./pinger_child.js', import.meta.url))

/** A load generator in another process. One order at a time. */
export class PingerProcess {
  readonly #child: ChildProcess = fork(program, { serialization: 'advanced' })

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async tell(order: PingerOrder): Promise<{ readonly ms: number; readonly counts: PingCounts }> {
    this.#child.send(order)
    const [answer] = (await once(this.#child, 'message')) as [PingerAnswer]
    if (answer.type === 'failed') throw new Error(`the load generator: ${answer.why}`)
    return answer
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
