// Letters to users. There is no mail server: a letter becomes a file that only its owner may read.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'

export interface Letter {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Mail {
  /** Resolves once the letter is on its way. Rejects when it cannot be. */
  send(letter: Letter): Promise<void>
}

/** Letters as files of the folder `outbox` in the data folder, the newest `outbox_mails_max` of them. The log says that one came, not what is in it. */
export function openOutbox(data_dir: string, env: Env): Mail {
  const folder = join(data_dir, 'outbox')
  return {
    async send(letter) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const name = `${String(env.now_ms()).padStart(15, '0')}-${env.uuid()}.json`
      const draft = join(folder, `.${name}`)
      await writeFile(draft, `${JSON.stringify(letter, null, 2)}\n`, { mode: 0o600 })
      await rename(draft, join(folder, name))
      env.log('info', 'a letter is in the outbox', { subject: letter.subject, file: name })
      await forgetOldest(folder)
    },
  }
}

/** A letter that is being written may be read half, or be gone to its final name. */
const looks_max = 3

/** Removes every letter to this address, drafts included: how many there were. */
export async function forgetLetters(data_dir: string, to: string): Promise<number> {
  const folder = join(data_dir, 'outbox')
  let forgotten = 0
  for (let looks = 0; looks < looks_max; looks++) {
    let unsure = false
    for (const name of (await readdir(folder).catch(() => [])).filter((each) => each.endsWith('.json'))) {
      const letter = await letterIn(join(folder, name))
      unsure ||= letter === undefined
      if (letter?.to !== to) continue
      await rm(join(folder, name), { force: true })
      forgotten += 1
    }
    if (!unsure) break
  }
  return forgotten
}

async function letterIn(file: string): Promise<Partial<Letter> | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Partial<Letter>
  } catch {
    return undefined
  }
}

async function forgetOldest(folder: string): Promise<void> {
  const letters = (await readdir(folder)).filter((name) => /^\d+-.*\.json$/.test(name)).sort()
  for (const name of letters.slice(0, Math.max(0, letters.length - limits.outbox_mails_max)))
    await rm(join(folder, name), { force: true })
}
