/** Everything there is in a simulation, joined: one timeline, one network, stores, the provider, nodes, people, an auditor. */
import { behaviours } from '../../actors/behaviours.ts'
import type { Drivers, Topics } from '../../engine/ports.ts'
import type { Inbox } from '../../gateways/effects.ts'
import type { Told } from '../../gateways/stripe/sandbox/ledger.ts'
import { payloadOf } from '../../gateways/stripe/sandbox/webhooks.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import type { Random } from '../city/random.ts'
import { Auditor } from './auditor.ts'
import { BoundsAudit } from './bounds_audit.ts'
import { Crowd } from './crowd.ts'
import { Database } from './database.ts'
import { Deployment } from './deployment.ts'
import { distances, Network } from './network.ts'
import { chanceOf, type Plan } from './plan.ts'
import { no_plant, type Plant } from './plant.ts'
import { poison } from './poison.ts'
import { Provider } from './provider.ts'
import { Streams } from './streams.ts'
import { type Life, Timeline } from './timeline.ts'
import { type Line, VirtualEnv, type WallClock } from './virtual_env.ts'

/** Whether trouble is over, and whether people begin nothing new. */
export interface Phase {
  healed: boolean
  closing: boolean
}

const webhook_again_ms = 700
const webhook_tries_max = 30

export class World {
  readonly plan: Plan
  readonly timeline: Timeline
  readonly auditor: Auditor
  readonly bounds: BoundsAudit
  readonly network: Network
  readonly database: Database
  readonly streams: Streams
  readonly provider: Provider
  readonly deployment: Deployment
  readonly crowd: Crowd
  readonly phase: Phase = { healed: false, closing: false }
  readonly behaviours: readonly Behaviour[]
  /** What was logged last, for those who look for the reason. */
  readonly lines: Line[] = []
  /** The notices that were kept, by the effect that asked for each. */
  readonly notices = new Map<string, number>()
  /** Trouble has a life of its own, which nobody pauses. */
  readonly weather_life: Life
  readonly #plant: Plant
  readonly #uuids: Random
  readonly #random: Random

  constructor(plan: Plan, plant: Plant = no_plant) {
    this.plan = plan
    this.#plant = plant
    this.timeline = new Timeline(plan.seed)
    this.#uuids = this.chance('uuids')
    this.#random = this.chance('world')
    this.behaviours = plant.behaviours([...behaviours, poison])
    this.auditor = new Auditor(this.timeline, plan.shards, [...behaviours, poison])
    this.bounds = new BoundsAudit(this.auditor.breaches)
    this.network = new Network(this.timeline, this.chance('network'))
    this.weather_life = this.timeline.newLife()
    const [database, stripe] = [this.timeline.newLife(), this.timeline.newLife()]
    this.database = new Database(database, this.chance('database'), this.auditor, plant.snapshots())
    this.streams = new Streams(plan, this.newEnv(), this.network, this.chance('nats'), this.auditor)
    this.provider = new Provider(this.timeline, stripe, this.chance('stripe'), this.auditor)
    this.deployment = new Deployment(this)
    this.crowd = new Crowd(this)
    this.provider.tell = (told) => this.#tell(told, 1)
  }

  /** A stream of chance for one part of the world. */
  chance(part: string): Random {
    return chanceOf(this.plan.seed, part)
  }

  newEnv(clock: WallClock = { offset_ms: 0 }): VirtualEnv {
    return new VirtualEnv(this.timeline, this.timeline.newLife(), this.#uuids.fork(), clock, this.lines)
  }

  /** The stores as one thread reaches them. */
  async openDrivers(env: VirtualEnv): Promise<Omit<Drivers, 'effects'>> {
    const caller = { life: env.life, network: this.network }
    const { journal, topics } = await this.streams.open(env)
    const noted: Topics = {
      publish: (frames) => topics.publish(frames),
      dead: (shard, letter) => {
        this.auditor.lettered(letter)
        return topics.dead(shard, letter)
      },
      report: (report) => {
        this.auditor.reported(report)
        return topics.report(report)
      },
    }
    return this.#plant.drivers({ journal, topics: noted, ...this.database.open(caller) })
  }

  /** Notices are rows of the same database. */
  inboxOf({ life }: VirtualEnv): Inbox {
    const caller = { life, network: this.network }
    return {
      add: ({ effect_id }) => this.database.keep(caller, () => this.#notice(effect_id)),
      offer: ({ effect_id }) => this.database.keep(caller, () => this.#notice(effect_id)),
    }
  }

  /** The provider says what has happened until somebody takes it in. */
  #tell(told: Told, tries: number): void {
    const { faults } = this.provider.sandbox
    const once = () => {
      const members = this.deployment.current?.members ?? []
      const member = members[this.#random.whole(0, Math.max(0, members.length - 1))]
      let heard = false
      if (member && !member.node.turned_out)
        this.network.send(distances.stripe, member.env.life, () => {
          void member.door.hear(payloadOf(told)).then((taken) => {
            heard = taken
          })
        })
      this.timeline.after(webhook_again_ms * tries, this.weather_life, () => {
        if (!heard && tries < webhook_tries_max) this.#tell(told, tries + 1)
      })
    }
    this.timeline.after(this.#random.between(0, faults.webhook_delay_ms), this.weather_life, once)
    if (this.#random.chance(faults.doubled_webhooks)) once()
  }

  #notice(effect_id: string): void {
    this.notices.set(effect_id, (this.notices.get(effect_id) ?? 0) + 1)
  }
}
