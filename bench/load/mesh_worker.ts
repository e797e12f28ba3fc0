// A thread with half of the shards, at the other end of a line.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { MemoryJournal } from '../../engine/memory_journal.ts'
import { Link } from '../../engine/mesh.ts'
import { systemEnv } from '../../engine/system_env.ts'
import { counterBehaviour } from '../counter.ts'
import { driversAround, threadOn, wireOf } from '../thread.ts'

export interface MeshBirth {
  readonly port: MessagePort
  readonly board: SharedArrayBuffer
}

const { port, board } = workerData as MeshBirth
const env = systemEnv('error')
const thread = threadOn(
  driversAround(new MemoryJournal()),
  [counterBehaviour],
  { thread: 1, threads: 2, board },
  env,
)
thread.meet(0, new Link(env, wireOf(port), thread))
await thread.open()
parentPort?.postMessage('open')
