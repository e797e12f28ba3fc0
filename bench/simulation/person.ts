/** One who uses the system from outside: sends requests with a key, and asks again until he knows what became of them. */
import { Fault } from '../../engine/ports.ts'
import { behind_header, type Reply } from '../../gateways/http/reply.ts'
import type { Principal, Role } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, type RejectionCode, reject } from '../../protocols/rejections.ts'
import type { Random } from '../city/random.ts'
import type { Shown } from './auditor.ts'
import type { Call } from './door.ts'
import { distances } from './network.ts'
import type { Member } from './node.ts'
import type { VirtualEnv } from './virtual_env.ts'
import type { World } from './world.ts'

/** How long somebody waits who knows that things go wrong; and how long nobody has to once they are well. */
const patience_ms = 2_500
const healthy_patience_ms = 2 * limits.command_deadline_ms

/** These say that the command did not get through; whoever wants it asks again. */
const passing: ReadonlySet<RejectionCode> = new Set([
  'overloaded',
  'unavailable',
  'moved',
  'deadline',
  'actor.quarantined',
])

export class Person {
  readonly by: Principal
  readonly env: VirtualEnv
  readonly random: Random
  readonly world: World
  /** The newest version of each booking that he was told of by an answer to a command. */
  protected readonly known = new Map<string, number>()

  constructor(world: World, role: Role, name: string) {
    this.world = world
    this.random = world.chance(name)
    this.env = world.newEnv()
    this.by = { id: this.random.uuid(), role }
  }

  sleep(least_ms: number, most_ms: number): Promise<void> {
    return new Promise((resolve) => void this.env.after(this.random.between(least_ms, most_ms), resolve))
  }

  /** Sends until there is an answer that settles it; the same key each time, so that it is one command. `stale` as in `reach`. */
  async insist(call: Omit<Call, 'by' | 'key'>, stale = true): Promise<Reply | Rejection> {
    const keyed: Call = { ...call, by: this.by, key: this.random.uuid() }
    const what = `${call.method} ${call.path}`
    for (let tries = 1; ; tries++) {
      const answer = await this.reach((member) => member.door.serve(keyed), what, stale)
      if (!isRefusal(answer) || !passing.has(answer.rejected)) return answer
      await this.sleep(50, Math.min(1_000, 100 * tries))
    }
  }

  /** A command that is proven by an event of that type, once it was answered with success. True: it was. */
  async did(call: Omit<Call, 'by' | 'key'>, proof: string, of: string): Promise<boolean> {
    const answer = await this.insist(call)
    if (isRefusal(answer)) return false
    if (call.path.startsWith('/api/v1/bookings')) this.told(answer)
    this.world.auditor.acked(proof, of, this.by)
    return true
  }

  /** Somebody was told what became of his booking: his lists show it from now on. */
  told({ body }: Reply): void {
    const { id, version } = (body as { data?: Partial<Shown> }).data ?? {}
    if (id !== undefined && version !== undefined)
      this.known.set(id, Math.max(version, this.known.get(id) ?? 0))
  }

  /** Asks the engine that serves now for his bookings. */
  async list(): Promise<void> {
    const known = new Map(this.known)
    const answer = await this.insist(
      { method: 'GET', path: '/api/v1/bookings', id: '', body: {}, query: 'limit=100' },
      false,
    )
    if (isRefusal(answer)) return
    const { data } = answer.body as { data: readonly Shown[] }
    const is_behind = answer.headers?.some(([name]) => name === behind_header) ?? false
    this.world.auditor.listed(this.by, known, data, is_behind)
  }

  /** Watches a booking at some thread for as long as the call takes. */
  async watching(id: string, during: () => Promise<void>): Promise<void> {
    const member = this.#member(false)
    const stop = member?.host.watch({ actor: 'booking', id }, () => {})
    await during()
    if (member?.env.life.alive) stop?.()
  }

  /** Has something done at some thread, across the network both ways; `unavailable` when patience ends. `stale`: a node that was replaced will do. */
  reach<Value>(
    act: (member: Member) => Promise<Value>,
    what: string,
    stale = true,
  ): Promise<Value | Rejection> {
    const { network, phase, auditor } = this.world
    const member = this.#member(stale && this.random.chance(0.05))
    const { healed } = phase
    return new Promise((resolve) => {
      const cancel = this.env.after(healed ? healthy_patience_ms : patience_ms, () => {
        if (healed) auditor.breaches.add('liveness', `${what} was not answered in time`)
        resolve(reject('unavailable', 'no answer in time'))
      })
      const answer = (value: Value | Rejection) =>
        network.send(distances.person, this.env.life, () => {
          cancel()
          resolve(value)
        })
      if (!member) return answer(reject('unavailable', 'nobody listens'))
      const served = member.node.serve(answer)
      network.send(distances.person, member.env.life, () => {
        const refuse = (error: unknown) => {
          if (!(error instanceof Fault)) auditor.breaches.add('bug', `${what}: ${String(error)}`)
          answer(reject('unavailable', 'a fault'))
        }
        void act(member).then(answer, refuse).finally(served)
      })
    })
  }

  /** A thread of the node that serves, or of one that was replaced and may not know. */
  #member(stale: boolean): Member | undefined {
    const { nodes } = this.world.deployment
    const members = nodes.at(stale && nodes.length > 1 ? -2 : -1)?.members ?? []
    const member = members.length > 0 ? this.random.pick(members) : undefined
    return member?.env.life.alive && !member.node.turned_out ? member : undefined
  }
}
