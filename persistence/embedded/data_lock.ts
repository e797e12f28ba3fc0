// Who has the stores of a data folder open: the watcher, and the children that it started.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endProcess, type Identity, identityOf, lives } from './identity.ts'

/** A child stands in here before it may open its store. */
interface Holders {
  readonly watcher: Identity
  readonly children: Readonly<Record<string, Identity>>
}

/** Long enough for a child to see that its input has ended, and to close its store. */
const grace_ms = 3_000

export class DataLock {
  readonly #path: string
  #holders: Holders

  private constructor(path: string, holders: Holders) {
    this.#path = path
    this.#holders = holders
  }

  /**
   * Resolves once this process alone may open the stores of the folder: an earlier holder has ended, and so have the
   * children that it left. Rejects when the holder still lives after `wait_ms`. `onWait` hears who is waited for.
   */
  static async take(data_dir: string, wait_ms: number, onWait: (holder: number) => void): Promise<DataLock> {
    mkdirSync(data_dir, { recursive: true })
    const path = join(data_dir, 'lock')
    const watcher = identityOf(process.pid)
    if (watcher === undefined) throw new Error('this system does not tell when a process started')
    const until = performance.now() + wait_ms
    let told = 0
    while (!create(path, { watcher, children: {} })) {
      const holder = await livingHolder(path)
      if (holder === undefined) continue
      if (performance.now() > until) {
        throw new Error(
          `${data_dir} is in use by process ${holder}: stop its engine, or set DATA_DIR to another folder`,
        )
      }
      if (told !== holder) onWait(holder)
      told = holder
      await wait(50)
    }
    return new DataLock(path, { watcher, children: {} })
  }

  /**
   * Must be called before the child is told to open its store. Undefined: it has none open. Throws when the lock is not
   * ours any more, which can only be when somebody removed it.
   */
  record(name: string, child: Identity | undefined): void {
    const { pid } = this.#holders.watcher
    if (read(this.#path)?.watcher.pid !== pid) throw new Error(`the lock of process ${pid} is gone`)
    const { [name]: _, ...others } = this.#holders.children
    const children = child === undefined ? others : { ...others, [name]: child }
    this.#holders = { watcher: this.#holders.watcher, children }
    const fresh = `${this.#path}.${process.pid}`
    writeFileSync(fresh, JSON.stringify(this.#holders), { flush: true })
    renameSync(fresh, this.#path)
  }

  release(): void {
    rmSync(this.#path, { force: true })
  }
}

/** In one step and with its content; false when another has it. */
function create(path: string, holders: Holders): boolean {
  const fresh = `${path}.${process.pid}`
  writeFileSync(fresh, JSON.stringify(holders), { flush: true })
  try {
    linkSync(fresh, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(fresh, { force: true })
  }
}

/** The watcher that has the lock; undefined, and the lock is gone, when it had died: its children are ended then. */
async function livingHolder(path: string): Promise<number | undefined> {
  const holders = read(path)
  if (holders === undefined) return undefined
  if (lives(holders.watcher)) return holders.watcher.pid
  for (const child of Object.values(holders.children)) await endProcess(child, grace_ms)
  clear(path, holders)
  return undefined
}

/** Undefined when nobody has it by now. */
function read(path: string): Holders | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holders
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read: see that no process uses this folder, then remove that file`, {
      cause: error,
    })
  }
}

/** Removes the lock of a dead holder. Another may have done that and taken it meanwhile: he gets it back. */
function clear(path: string, dead: Holders): void {
  const aside = `${path}.${process.pid}.dead`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (readFileSync(aside, 'utf8') !== JSON.stringify(dead)) linkSync(aside, path)
  rmSync(aside, { force: true })
}
