/** Whether the log is whole, and all that was made from it is what it says: `kilat verify`. */
import { Chronicle } from '../../engine/chronicle.ts'
import { tipsOf, walk } from '../../engine/log_walk.ts'
import { type Frame, isClaim } from '../../protocols/frame.ts'
import { limits } from '../../protocols/limits.ts'
import { decideAgain } from './deciding.ts'
import { type Desk, type Log, textOf, type Verb } from './desk.ts'
import type { Finding } from './finding.ts'
import { compareLists } from './lists.ts'
import { LivingCheck, type ReadShard } from './living_check.ts'
import { Progress } from './progress.ts'
import { SnapshotCheck } from './snapshot_check.ts'

interface Wanted {
  readonly twice: boolean
  readonly decide: boolean
}

/** What the reading of the log comes to. */
class Reading {
  readonly #desk: Desk
  readonly #log: Log
  readonly #wanted: Wanted
  readonly #progress: Progress
  readonly shards: ReadShard[] = []
  readonly snapshots: SnapshotCheck
  readonly #chain: string[] = []
  readonly #again: string[] = []
  readonly #twice: string[] = []
  #records = 0
  #decided = 0

  constructor(desk: Desk, log: Log, snapshots: SnapshotCheck, wanted: Wanted) {
    this.#desk = desk
    this.#log = log
    this.snapshots = snapshots
    this.#wanted = wanted
    this.#progress = new Progress(desk, 'log')
  }

  async read(tips: readonly number[]): Promise<void> {
    for (const [shard, tip_seq] of tips.entries()) {
      const first = await this.#readShard(shard, tip_seq, true)
      this.shards.push(first)
      if (!this.#wanted.twice) continue
      const second = await this.#readShard(shard, tip_seq, false)
      for (const { kind, id } of first.fold.actors())
        if (first.fold.hashOf(kind, id) !== second.fold.hashOf(kind, id)) this.#twice.push(`${kind} ${id}`)
      if (second.fold.size !== first.fold.size) this.#twice.push(`shard ${shard} has other actors`)
    }
  }

  get actors(): number {
    return this.shards.reduce((sum, { fold }) => sum + fold.size, 0)
  }

  get findings(): readonly Finding[] {
    const broken = this.shards.flatMap(({ fold }) => fold.broken)
    const { actors } = this
    return [
      { what: 'log: chain, epochs, frames', checked: this.#records, wrong: this.#chain },
      { what: 'events in order, invariants', checked: this.#progress.events, wrong: broken },
      ...(this.#wanted.decide
        ? [{ what: 'decided again by this code', checked: this.#decided, wrong: this.#again }]
        : []),
      ...(this.#wanted.twice
        ? [{ what: 'folded twice, same hash', checked: actors, wrong: this.#twice }]
        : []),
    ]
  }

  async #readShard(shard: number, tip_seq: number, checks: boolean): Promise<ReadShard> {
    const { behaviours } = this.#desk
    const decide = checks && this.#wanted.decide
    const { shards, policyAt } = this.#log
    const chronicle = new Chronicle({ shard, shards, behaviours, policyAt })
    let n = 0
    for await (const walked of walk(this.#log.journal, shard, tip_seq, { without_bodies: !decide })) {
      const { record, seq, hash } = walked
      if (!isClaim(record)) {
        n = record.n
        this.#take(chronicle, seq, record, decide)
      }
      if (!checks) continue
      this.#note(walked.wrong)
      await this.snapshots.at({ shard, epoch: record.epoch, n, log_seq: seq, hash }, chronicle)
      if (!isClaim(record)) this.#progress.add(record.events.length)
    }
    return { fold: chronicle.fold, tip_seq, n }
  }

  #note(wrong: readonly string[]): void {
    this.#records += 1
    if (this.#chain.length < limits.findings_max) this.#chain.push(...wrong)
  }

  #take(chronicle: Chronicle, seq: number, frame: Frame, decide: boolean): void {
    for (const told of chronicle.take(seq, frame)) {
      if (!decide) continue
      this.#decided += 1
      const otherwise = decideAgain(this.#desk.behaviours, told)
      if (otherwise !== undefined && this.#again.length < limits.findings_max)
        this.#again.push(`frame ${frame.n} of shard ${frame.shard}, ${told.command.type}: ${otherwise}`)
    }
  }
}

async function livingFinding(
  desk: Desk,
  log: Log,
  url: string | undefined,
  reading: Reading,
): Promise<Finding> {
  const living = await desk.living(url)
  if (!living) return { what: 'living state = fold', checked: 0, wrong: [], skipped: 'no engine serves here' }
  return new LivingCheck(desk, log, reading.shards).finding(living)
}

async function listsFinding(desk: Desk): Promise<readonly Finding[]> {
  const tables = await compareLists(desk)
  return tables.map(({ table, rows, missing, extra, examples }) => ({
    what: `list ${table} = log`,
    checked: rows,
    wrong:
      missing + extra === 0
        ? []
        : [`${missing} rows are missing, ${extra} should not be: ${examples.join(', ')}`],
  }))
}

const rowOf = ({ what, checked, wrong, skipped }: Finding) =>
  `${what.padEnd(40)} ${String(checked).padStart(9)}  ${skipped ?? (wrong.length === 0 ? 'good' : `${wrong.length} DIFFER`)}`

/** `kilat verify`. The end of each shard's log when it begins is the cut that all of it is held against. */
export const verify: Verb = async (desk, words) => {
  const log = await desk.log()
  const snapshots = await SnapshotCheck.open(desk, log.shards)
  const wanted = { twice: words.values.twice === true, decide: words.values.decide === true }
  const reading = new Reading(desk, log, snapshots, wanted)
  await reading.read(await tipsOf(log.journal, log.shards))
  const findings = [...reading.findings, snapshots.finding]
  if (words.values['log-only'] !== true) {
    findings.push(await livingFinding(desk, log, textOf(words, 'url'), reading))
    findings.push(...(await listsFinding(desk)))
  }
  const frames = reading.shards.reduce((sum, { n }) => sum + n, 0)
  if (words.values.json === true)
    desk.print(JSON.stringify({ shards: log.shards, frames, actors: reading.actors, findings }))
  else {
    desk.print(`${frames} frames of ${log.shards} shards, ${reading.actors} actors`)
    for (const finding of findings) {
      desk.print(rowOf(finding))
      for (const line of finding.wrong.slice(0, 20)) desk.print(`    ${line}`)
    }
  }
  return findings.every(({ wrong }) => wrong.length === 0)
}
