import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type Kind = 'engine' | 'nats' | 'database' | 'other'

/** A process that works on a data folder: it names it on its command line, or has a file open in it. */
export interface Worker {
  readonly pid: number
  readonly kind: Kind
  readonly command: string
  /** Files of the folder that it has open for writing or reading. */
  readonly open_files: number
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // The process has ended meanwhile, or is none of ours.
  }
}

function filesOf(pid: number, dir: string): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).filter((fd) =>
      linkOf(`/proc/${pid}/fd/${fd}`).startsWith(`${dir}/`),
    ).length
  } catch {
    return 0
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** What a command line is of. */
export function kindOf(command: string): Kind {
  const [program = '', ...args] = command.split('\0')
  if (program.endsWith('nats-server')) return 'nats'
  // Whoever starts a program by a shell, or waits beside it, is not that program.
  if (program.endsWith('/sh')) return 'other'
  const script = args.find((arg) => arg.endsWith('.js') || arg.endsWith('.ts')) ?? ''
  if (script.includes('database_child')) return 'database'
  return script.endsWith('bundle/main.js') ? 'engine' : 'other'
}

/** All living processes that work on `dir`, from /proc, but for this one. */
export function workersOn(dir: string): readonly Worker[] {
  const found: Worker[] = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const command = read(`/proc/${pid}/cmdline`)
    const state = /^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? ''
    if (command === '' || state === 'Z' || state === '') continue
    const open_files = filesOf(pid, dir)
    if (open_files > 0 || command.includes(dir))
      found.push({ pid, kind: kindOf(command), command: command.replaceAll('\0', ' ').trim(), open_files })
  }
  return found
}

/** Stores that more than one process of their kind works on: one line each. */
export function sharedStores(workers: readonly Worker[]): readonly string[] {
  return (['nats', 'database'] as const).flatMap((kind) => {
    const pids = workers.filter((worker) => worker.kind === kind).map(({ pid }) => pid)
    return pids.length > 1 ? [`the ${kind} store is open in the processes ${pids.join(' and ')}`] : []
  })
}
