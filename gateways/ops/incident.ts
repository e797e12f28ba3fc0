/** A piece of the past as a file of its own: what is needed to decide it again and to come to the same states. */
import type { Told } from '../../engine/chronicle.ts'
import { stateHash } from '../../engine/hash.ts'
import type { Behaviour, Context } from '../../protocols/actor.ts'
import type { CommandRecord, EventRecord } from '../../protocols/frame.ts'
import type { Policy } from '../../protocols/policy.ts'
import { lift } from '../../protocols/upcast.ts'
import { decideAgain } from './deciding.ts'

interface IncidentFrame {
  readonly shard: number
  readonly n: number
  readonly log_seq: number
  readonly epoch: number
  readonly writer: string
  readonly prev_hash: string
  readonly at_ms: number
}

interface IncidentAct {
  readonly frame: number
  readonly command: CommandRecord
  /** The actor would be this one of its shard, were it born now. */
  readonly serial: number
  readonly events: readonly EventRecord[]
}

interface IncidentActor {
  readonly kind: string
  readonly id: string
  readonly shard: number
  /** What it was before the first of its acts: an actor that is not what the incident is about has an earlier life. */
  readonly from: { readonly seq: number; readonly state: unknown }
  readonly acts: readonly IncidentAct[]
  readonly until: { readonly seq: number; readonly hash: string }
}

export interface Incident {
  readonly format: 1
  readonly about: string
  readonly shards: number
  readonly policies: readonly Policy[]
  readonly frames: readonly IncidentFrame[]
  readonly actors: readonly IncidentActor[]
}

/** Collects an incident out of what the shards tell, each in order. */
export class IncidentFile {
  readonly #about: string
  readonly #shards: number
  readonly #policies = new Map<number, Policy>()
  readonly #frames = new Map<string, IncidentFrame>()
  readonly #actors = new Map<string, { actor: IncidentActor; acts: IncidentAct[] }>()
  acts = 0

  constructor(about: string, shards: number) {
    this.#about = about
    this.#shards = shards
  }

  add(told: Told): void {
    const { command, context, before, after, events, frame, seq } = told
    const { actor: kind, id } = command.to
    const { shard } = frame
    const key = `${kind} ${id}`
    const acts = this.#actors.get(key)?.acts ?? []
    const from = this.#actors.get(key)?.actor.from ?? before
    const until = { seq: after.seq, hash: stateHash(after.state) }
    acts.push({ frame: frame.n, command, serial: context.serial, events: events.map(({ record }) => record) })
    this.#actors.set(key, { actor: { kind, id, shard, from, acts, until }, acts })
    this.#policies.set(command.policy, context.policy)
    const { n, epoch, writer, prev_hash, at_ms } = frame
    this.#frames.set(`${shard} ${n}`, { shard, n, log_seq: seq, epoch, writer, prev_hash, at_ms })
    this.acts += 1
  }

  get incident(): Incident {
    return {
      format: 1,
      about: this.#about,
      shards: this.#shards,
      policies: [...this.#policies.values()],
      frames: [...this.#frames.values()],
      actors: [...this.#actors.values()].map(({ actor }) => actor),
    }
  }
}

export interface Rerun {
  readonly commands: number
  readonly events: number
  /** What is decided otherwise today, and who would be somebody else at the end. */
  readonly differing: readonly string[]
}

function contextOf({ shards, policies }: Incident, shard: number, { command, serial }: IncidentAct): Context {
  const policy = policies.find(({ version }) => version === command.policy)
  if (!policy) throw new Error(`the file lacks version ${command.policy} of the policy`)
  const { id: command_id, to, by, at_ms } = command
  return { id: to.id, by, at_ms, policy, command_id, serial, shard, shards }
}

/** Decides every command of an incident once more, and folds its events. Throws for a file that is none. */
export function rerun(behaviours: readonly Behaviour[], incident: Incident): Rerun {
  if (incident.format !== 1) throw new Error('it is no incident file that this program knows')
  const lives = incident.actors.map((actor) => relive(behaviours, incident, actor))
  return {
    commands: lives.reduce((sum, { commands }) => sum + commands, 0),
    events: lives.reduce((sum, { events }) => sum + events, 0),
    differing: lives.flatMap(({ differing }) => differing),
  }
}

function relive(behaviours: readonly Behaviour[], incident: Incident, actor: IncidentActor): Rerun {
  const { kind, id, shard, from, acts, until } = actor
  const behaviour = behaviours.find(({ name }) => name === kind)
  if (!behaviour) throw new Error(`no actor is called ${kind}`)
  const differing: string[] = []
  let { state, seq } = from
  for (const act of acts) {
    const context = contextOf(incident, shard, act)
    const events = act.events.map((event) => ({ record: lift(event) }))
    const otherwise = decideAgain(behaviours, {
      command: act.command,
      context,
      before: { state, seq },
      events,
    })
    if (otherwise !== undefined) differing.push(`${act.command.type} of ${kind} ${id}: ${otherwise}`)
    for (const { record } of events)
      state = behaviour.evolve(state, { ...record.data, type: record.type }, context)
    seq += events.length
  }
  if (seq !== until.seq) differing.push(`${kind} ${id} ends at event ${seq}, not ${until.seq}`)
  else if (stateHash(state) !== until.hash) differing.push(`${kind} ${id} is another one at event ${seq}`)
  return { commands: acts.length, events: seq - from.seq, differing }
}
