import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { spawnGuarded } from '../../persistence/embedded/guarded.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import type { EventRecord } from '../../protocols/frame.ts'
import { Random } from '../city/random.ts'
import { difference, Retold } from './fold.ts'
import { leftOver, ownFamily } from './left_over.ts'
import { kindOf, sharedStores, type Worker } from './processes.ts'
import { victimsOf } from './victims.ts'

test('DR1 every kind of process is killed, now and then two at once, and the seed decides', () => {
  const draw = (seed: number) => {
    const random = new Random(seed)
    return Array.from({ length: 40 }, (_, round) => victimsOf(round, random))
  }
  expect(draw(4)).toEqual(draw(4))
  expect(draw(4).slice(0, 3)).toEqual([['engine'], ['nats'], ['database']])
  const sizes = draw(4).map((victims) => new Set(victims).size)
  expect(Math.max(...sizes)).toBe(2)
  expect(sizes.filter((size) => size === 2).length).toBeLessThan(20)
})

test('DR2 processes are told apart by their command lines', () => {
  expect(kindOf('/usr/bin/nats-server\0-c\0/tmp/x/nats.conf')).toBe('nats')
  expect(kindOf('node\0/app/dist/persistence/embedded/database_child.js\0/tmp/x\x005432')).toBe('database')
  expect(kindOf('node\0/app/dist/bundle/main.js')).toBe('engine')
  expect(kindOf('node\0/app/dist/persistence/embedded/watcher.js')).toBe('other')
})

test('DR2 a store that two processes of its kind work on is told', () => {
  const worker = (pid: number, kind: Worker['kind']): Worker => ({ pid, kind, command: '', open_files: 1 })
  expect(sharedStores([worker(1, 'engine'), worker(2, 'nats'), worker(3, 'database')])).toEqual([])
  expect(sharedStores([worker(2, 'nats'), worker(4, 'nats'), worker(3, 'database')])).toHaveLength(1)
})

const counter: Behaviour = {
  name: 'counter',
  initial: 0,
  volatile: undefined,
  places: false,
  decide: () => [],
  evolve: (state, event) =>
    (state as number) + (event as { by?: number; type: string } & { step: number }).step,
  react: () => ({}),
  settle: () => 'done',
  sense: (self) => ({ volatile: self.volatile }),
  gather: () => undefined,
  gathers: () => false,
  place: () => undefined,
  rank: () => undefined,
  match: () => true,
  answer: () => ({}),
  view: ({ state }) => ({ count: state, nothing: undefined }),
  invariant: (state) => ((state as number) < 0 ? 'below zero' : undefined),
}

const counted = (seq: number, step: number): EventRecord => ({
  kind: 'counter',
  id: 'a',
  seq,
  type: 'counter.counted',
  version: 1,
  by: { id: 'x', role: 'admin' },
  cause: 'c',
  at_ms: 1,
  data: { step },
})

test('DR3 the fold of the events of an actor is its view', () => {
  const fold = new Retold([counter])
  fold.take(counted(1, 5))
  fold.take(counted(2, -2))
  fold.take({ ...counted(1, 1), kind: 'unknown' })
  expect(fold.view('counter', 'a')).toEqual({ count: 3 })
  expect(fold.idsOf('counter')).toEqual(['a'])
  expect(fold.broken).toEqual([])
})

test('DR3 the places of a trip are those since it last started', () => {
  const fold = new Retold([{ ...counter, name: 'trip', evolve: (state) => state }])
  const places = (...seqs: number[]) => ({ waypoints: seqs.map((seq) => ({ boot: 'b', seq })) })
  const event = (seq: number, type: string, data: object) => ({
    ...counted(seq, 0),
    kind: 'trip',
    type,
    data,
  })
  fold.take(event(1, 'tracking.started', {}))
  fold.take(event(2, 'trip.waypoints', places(1, 2)))
  fold.take(event(3, 'tracking.started', {}))
  fold.take(event(4, 'trip.waypoints', places(3, 4)))
  fold.take(event(5, 'trip.waypoints', places(4, 5)))
  expect(fold.placesOf('a')).toBe(3)
})

test('DR3 a missing event, a repeated one and a broken rule are told', () => {
  const fold = new Retold([counter])
  fold.take(counted(1, 1))
  fold.take(counted(3, 1))
  fold.take(counted(3, 1))
  fold.take(counted(4, -9))
  expect(fold.broken).toHaveLength(3)
})

test('DR4 what differs between the fold and what is served is named', () => {
  expect(difference({ a: 1, b: [2] }, { b: [2], a: 1 })).toBeUndefined()
  expect(difference({ a: 1, b: [2] }, { a: 1, b: [3], c: 4 })).toBe('b, c')
  expect(difference({ a: 1 }, undefined)).toBe('object and undefined')
})

test('DF8 a process that ends when it should is awaited; one that stays is killed and told', async () => {
  const [ends, stays] = [spawnGuarded('true', [], { is_held: true }), spawnGuarded('sleep', ['1000'])]
  const only = (child: ChildProcess) => () => ownFamily().filter(({ pid }) => pid === child.pid)
  expect(only(ends)()).toHaveLength(1)
  const awaited = leftOver(only(ends), 30_000)
  ends.stdin?.write('go\n')
  expect(await awaited).toEqual([])
  const killed = once(stays, 'exit')
  expect(await leftOver(only(stays), 0)).toEqual([expect.stringContaining(`${stays.pid} sleep 1000`)])
  expect(await killed).toEqual([null, 'SIGKILL'])
})
