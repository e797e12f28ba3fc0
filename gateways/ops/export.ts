/** Incident files: `kilat export --booking ID --out FILE` writes one, `kilat rerun FILE` holds today's code against it. */
import type { Told } from '../../engine/chronicle.ts'
import { tipsOf } from '../../engine/log_walk.ts'
import { limits } from '../../protocols/limits.ts'
import { type Desk, type Log, Mistake, Misuse, textOf, type Verb } from './desk.ts'
import { type Incident, IncidentFile, rerun } from './incident.ts'
import { about } from './life.ts'
import { jsonIn } from './policy.ts'
import { toldIn } from './telling.ts'

/** Which events of an actor belong to it: those after the first and up to the second of these numbers. */
interface Span {
  readonly shard: number
  from: number
  until: number
}

/** Everything that the shards tell, one after the other. */
async function* toldBy(
  desk: Desk,
  log: Log,
  tips: readonly number[],
  wanted: ReadonlySet<number>,
): AsyncGenerator<Told> {
  for (const [shard, tip] of tips.entries()) if (wanted.has(shard)) yield* toldIn(desk, log, shard, tip)
}

/** Who takes part: what it is about with its whole life, others from their first to their last part in it. */
async function spansOf(
  desk: Desk,
  log: Log,
  tips: readonly number[],
  id: string,
): Promise<Map<string, Span>> {
  const spans = new Map<string, Span>()
  const isPart = about(id)
  for await (const told of toldBy(desk, log, tips, new Set(tips.keys()))) {
    if (!isPart(told)) continue
    const { actor, id: of } = told.command.to
    const span = spans.get(`${actor} ${of}`) ?? { shard: told.frame.shard, from: told.before.seq, until: 0 }
    span.until = told.after.seq
    spans.set(`${actor} ${of}`, span)
  }
  return spans
}

/** The incident of an actor's whole life. Rejects with a Mistake when there is none, or it is too long for a file. */
export async function incidentOf(desk: Desk, id: string): Promise<Incident> {
  const log = await desk.log()
  const tips = await tipsOf(log.journal, log.shards)
  const spans = await spansOf(desk, log, tips, id)
  if (spans.size === 0) throw new Mistake(`nothing in the log is of ${id}, or names it`)
  const file = new IncidentFile(id, log.shards)
  const shards = new Set([...spans.values()].map(({ shard }) => shard))
  for await (const told of toldBy(desk, log, tips, shards)) {
    const { actor, id: of } = told.command.to
    const span = spans.get(`${actor} ${of}`)
    if (!span || told.before.seq < span.from || told.after.seq > span.until) continue
    file.add(told)
    if (file.acts > limits.incident_acts_max)
      throw new Mistake(`more than ${limits.incident_acts_max} commands take part: that is no incident`)
  }
  return file.incident
}

/** `kilat export`. */
export const exportIncident: Verb = async (desk, words) => {
  const out = textOf(words, 'out')
  const id = textOf(words, 'booking') ?? textOf(words, 'runner')
  if (out === undefined || id === undefined)
    throw new Misuse('it wants --booking or --runner, and --out FILE')
  const incident = await incidentOf(desk, id.toLowerCase())
  await desk.writeFile(out, `${JSON.stringify(incident)}\n`)
  const commands = incident.actors.reduce((sum, { acts }) => sum + acts.length, 0)
  desk.note(
    `${out}: ${incident.actors.length} actors, ${commands} commands, ${incident.frames.length} frames`,
  )
  return true
}

/** `kilat rerun FILE...`. */
export const rerunIncidents: Verb = async (desk, { positionals }) => {
  let good = true
  for (const path of positionals) {
    const incident = (await jsonIn(desk, path)) as Incident
    const { commands, events, differing } = rerun(desk.behaviours, incident)
    desk.print(
      `${path}: ${commands} commands, ${events} events, ${differing.length === 0 ? 'the same today' : 'OTHERWISE'}`,
    )
    for (const line of differing.slice(0, limits.findings_max)) desk.print(`    ${line}`)
    good &&= differing.length === 0
  }
  return good
}
