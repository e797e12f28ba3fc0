import { join } from 'node:path'
import { Cluster, postgresPrograms } from '../../../persistence/cluster.given.ts'
import { freePort } from '../../../persistence/embedded/free_port.ts'
import { closeSql, openSql } from '../../../persistence/pg.ts'
import { endpointsOf } from '../../city/backstage.ts'
import { together } from '../../city/population.ts'
import type { DrillOptions, Outcome } from '../../drills/row.ts'
import { pause } from '../../pause.ts'
import type { Scene } from '../scene.ts'
import { call, orderOf, outage, tipsOf } from './outage.ts'
import type { Askers } from './people.ts'
import type { Lane, LaneCount } from './sampler.ts'
import { familyOf, killAll } from './stopped.ts'
import { takeAway } from './stores.ts'

const gone_ms = { short: 15_000, long: 600_000 } as const
/** Of one worker thread, the least that can be set; so many bookings leave some of them asleep. */
const resident_max = 1_000
const sleepers = 3_200
const asleep_max_ms = 60_000
const caught_up_max_ms = 120_000

/** A real PostgreSQL where there is one, else the embedded database, is away for long. */
export async function databaseGone(options: DrillOptions): Promise<Outcome> {
  const programs = postgresPrograms()
  const port = await freePort()
  const url = `postgres://kilat@127.0.0.1:${port}/postgres`
  let cluster: Cluster | undefined
  let back = async () => {}
  return outage(options, {
    name: 'database-gone',
    gone_ms: gone_ms[options.form],
    env: {
      RESIDENT_ACTORS_MAX: String(resident_max),
      ...(programs === undefined ? {} : { DATABASE_URL: url }),
    },
    prepare: async (data_dir) => {
      if (programs === undefined) return
      cluster = await Cluster.make(programs, join(data_dir, 'postgres'), port)
      await cluster.start()
    },
    release: async () => cluster?.stop(),
    lanes: lanesOf,
    begin: async ({ data_dir }) => {
      const server = cluster
      if (!server) {
        const release = await takeAway(data_dir, 'database')
        back = async () => release()
        return
      }
      await killAll(familyOf([await server.pid()]))
      back = () => server.start()
    },
    end: () => back(),
    after: (scene) => catchUp(scene, options.shards),
    judge: judgeDatabase,
  })
}

/** What goes on without a database, and what cannot. */
export function judgeDatabase(of: (lane: string) => Readonly<LaneCount>): readonly string[] {
  const [command, login, cold] = [of('command'), of('login'), of('cold')]
  return [
    ...(command.answered === 0 ? ['no command of a resident actor was carried out'] : []),
    ...(command.refused > 0 ? [`${command.refused} commands of resident actors were refused`] : []),
    ...(login.refused === 0 ? ['no login was refused'] : []),
    ...(login.answered > 0 ? [`${login.answered} logins were answered without a database`] : []),
    ...(cold.refused === 0 ? ['no sleeper was asked for'] : []),
  ]
}

/** Logins of nobody, and looks at bookings of which many are asleep. */
async function lanesOf(scene: Scene, { owners }: Askers): Promise<readonly Lane[]> {
  const { url } = scene.engine
  const [owner] = owners
  if (!owner) throw new Error('nobody asks')
  const ids: string[] = []
  await together(16, sleepers, async (index) => {
    const made = await call(url, await owner.token(false), '/bookings', orderOf(`Sleeper ${index}`))
    ids.push((made as { id: string }).id)
  })
  await untilAsleep(url)
  return [
    {
      name: 'login',
      every_ms: 500,
      answers: [401],
      ask: async (number) => {
        const body = { email: `nobody-${number}@city.example`, password: 'not this one' }
        return { method: 'POST', path: '/auth/login', body, token: '' }
      },
    },
    {
      name: 'cold',
      every_ms: 200,
      ask: async (number) => {
        const id = ids[(number * 37) % ids.length]
        return { method: 'GET', path: `/bookings/${id}`, token: await owner.token(false) }
      },
    },
  ]
}

/** Until the next cut has let some of them go. */
async function untilAsleep(url: string): Promise<void> {
  for (const until_ms = performance.now() + asleep_max_ms; performance.now() < until_ms; await pause(500)) {
    const text = await (await fetch(`${url}/metrics`)).text()
    const residents = [...text.matchAll(/^kilat_resident_actors\S* (\d+)/gm)].map((match) => Number(match[1]))
    if (residents.length > 0 && residents.reduce((sum, count) => sum + count, 0) <= 2 * resident_max + 250)
      return
  }
  throw new Error('nobody fell asleep')
}

/** Waits until the lists hold what the log held when the database came back. */
async function catchUp({ data_dir }: Scene, shards: number) {
  const began_ms = performance.now()
  const tips = await tipsOf(data_dir, shards)
  const { database_url } = await endpointsOf(data_dir)
  const sql = openSql({ url: database_url, max: 1, application_name: 'kilat-drill' })
  try {
    for (; performance.now() - began_ms < caught_up_max_ms; await pause(100)) {
      const rows = await sql<{ shard: number; seq: number }[]>`SELECT shard, seq FROM watermarks`
      const seqs = new Map(rows.map(({ shard, seq }) => [shard, seq]))
      if (tips.every((seq, shard) => (seqs.get(shard) ?? 0) >= seq))
        return { wrong: [], extra: { caught_up_ms: Math.round(performance.now() - began_ms) } }
    }
    return { wrong: [`the lists were not whole after ${caught_up_max_ms} ms`], extra: {} }
  } finally {
    await closeSql(sql)
  }
}
