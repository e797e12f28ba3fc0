import type { MessagePort } from 'node:worker_threads'
import { Board, boardBytes } from '../engine/board.ts'
import type { Env } from '../engine/env.ts'
import { MemorySnapshots } from '../engine/memory_snapshots.ts'
import type { Parcel, Wire } from '../engine/mesh.ts'
import type { Drivers, Journal } from '../engine/ports.ts'
import { systemEnv } from '../engine/system_env.ts'
import { Thread } from '../engine/thread.ts'
import type { Behaviour } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { firstPolicy } from '../protocols/policy.ts'

export const shards = 8

/** Drivers around a journal that derive nothing from it: no lists, no topics, snapshots in memory. */
export const driversAround = (journal: Journal): Drivers => ({
  journal,
  snapshots: new MemorySnapshots(),
  projections: { watermark: async () => ({ n: 0, seq: 0 }), project: async () => {} },
  topics: { publish: async () => {}, report: () => true, dead: async () => {} },
  effects: { run: async () => undefined },
})

export interface Place {
  readonly thread: number
  readonly threads: number
  readonly board?: SharedArrayBuffer
}

/** An engine thread as the engine itself makes it, with these drivers and actors. */
export function threadOn(
  drivers: Drivers,
  behaviours: readonly Behaviour[],
  { thread, threads, board }: Place = { thread: 0, threads: 1 },
  env: Env = systemEnv('error'),
): Thread {
  const memory = board ?? new SharedArrayBuffer(boardBytes(shards, threads))
  return new Thread({
    thread,
    threads,
    shards,
    env,
    drivers,
    behaviours,
    board: new Board(env, memory, shards, threads),
    resident_max: limits.resident_actors_max,
    policy: () => firstPolicy,
    policyAt: () => firstPolicy,
  })
}

/** A line of the mesh over a port, as the engine's workers have it. */
export const wireOf = (port: MessagePort): Wire => ({
  send: (batch) => port.postMessage(batch),
  receive: (call) => port.on('message', (batch: readonly Parcel[]) => call(batch)),
})
