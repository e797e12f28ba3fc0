/** `kilat erase PERSON`: forgets a person, then looks through all that is kept and shows that he is forgotten. */
import type { Person, Searched, Trace } from '../../protocols/erasure.ts'
import { forgetLetters } from '../identity/mail.ts'
import { type Desk, Mistake, type Verb } from './desk.ts'

/** Shorter words stand everywhere. */
const needle_min = 4

/** False: something of him was found, and is told. Ends in a `Mistake` for who cannot be erased, and without `--yes`. */
export const erase: Verb = async (desk, { positionals: [name = ''], values }) => {
  const { config, env, print } = desk
  const erasure = await desk.erasure()
  const person = await erasure.person(name)
  if (!person) throw new Mistake(`nobody is known as ${name}`)
  const { id } = person
  const ties = await erasure.ties(id)
  if (ties.length > 0)
    throw new Mistake(`${id} cannot be erased yet, for ${ties.join(', ')}: end or settle that first`)
  if (values.yes !== true)
    throw new Mistake(
      `this destroys all that is known about ${id} (${person.email}): say it again with --yes`,
    )
  const needles = await needlesOf(desk, person)
  if (person.erased) print(`${id} was erased before: what is left is looked for again`)
  const rows = await erasure.erase(person, env.now_ms())
  const letters = await forgetLetters(config.data_dir, person.email)
  print(`the key of ${id} is destroyed; every thread has forgotten it within a minute`)
  print(`rows changed or removed: ${counted({ ...rows, letters })}`)
  const is_gone = await prove(desk, person, needles)
  const late = await erasure.ties(id)
  for (const tie of late) print(`made while he was erased: ${tie}`)
  if (is_gone && late.length === 0) print('nothing of this person can be read any more')
  return is_gone && late.length === 0
}

interface Needle {
  readonly what: string
  readonly text: string
}

/** What he was called until now. A name that others have as well proves nothing, wherever it is found. */
async function needlesOf(desk: Desk, person: Person): Promise<readonly Needle[]> {
  if (person.erased) return []
  const shared = { email: 0, ...(await (await desk.erasure()).namesakes(person)) }
  return (['email', 'full_name', 'phone'] as const).flatMap((what) => {
    const text = person[what]
    if (text.length < needle_min) return []
    if (shared[what] === 0) return [{ what, text }]
    desk.print(`${shared[what]} other accounts have the same ${what}: it is not looked for`)
    return []
  })
}

/** Whether none of his sealed texts can be opened, and nothing that he was called is anywhere; tells what there is. */
async function prove(desk: Desk, { id }: Person, needles: readonly Needle[]): Promise<boolean> {
  const { print } = desk
  const texts = needles.map(({ text }) => text)
  const searched = await (await desk.traces()).search(id, texts)
  const { messages, columns, found } = searched
  print(`looked through ${messages} messages and ${columns} columns`)
  for (const { place, sealed } of found)
    if (sealed.length > 0) print(`  ${place}: ${sealed.length} sealed texts`)
  const { total, readable } = await tried(desk, searched)
  print(`of ${total} sealed texts ${readable} can be opened`)
  const plain = needles.flatMap(({ what }, index) => found.flatMap((trace) => plainIn(trace, what, index)))
  for (const line of plain) print(`  ${line}`)
  const looked_for = needles.map(({ what }) => what).join(', ') || 'nothing'
  print(`as it was said: ${looked_for} looked for, in ${plain.length} places found`)
  return readable === 0 && plain.length === 0
}

const plainIn = ({ place, plain }: Trace, what: string, index: number): readonly string[] => {
  const count = plain[index] ?? 0
  return count > 0 ? [`${place}: ${what} in ${count}`] : []
}

/** Opens each of them, as a door would. */
async function tried(desk: Desk, { found }: Searched) {
  const sealed = found.flatMap((trace) => trace.sealed)
  const opened = await (await desk.vault()).open(sealed)
  return { total: sealed.length, readable: opened.filter((text) => text !== '').length }
}

const counted = (rows: Readonly<Record<string, number>>) =>
  Object.entries(rows)
    .filter(([, count]) => count > 0)
    .map(([table, count]) => `${table} ${count}`)
    .join(', ') || 'none'
