/** What goes wrong, a row for each kind: how it is begun, and how it ends when the world is healed. */
import type { Random } from '../city/random.ts'
import { fair } from './network.ts'
import type { FaultName } from './plan.ts'
import type { World } from './world.ts'

interface Trouble {
  readonly world: World
  readonly random: Random
  /** Every now and then until the healing: first after some part of the second figure, then between both. */
  again(least_ms: number, most_ms: number, call: () => void): void
  after(ms: number, call: () => void): void
}

type Begin = (trouble: Trouble) => void

const minute_ms = 60_000

const rows: Readonly<Record<FaultName, Begin>> = {
  loss: ({ world, random }) => {
    world.network.weather.loss = random.pick([0.005, 0.02, 0.1])
  },
  duplicates: ({ world, random }) => {
    world.network.weather.duplicates = random.pick([0.01, 0.1, 0.3])
  },
  reorder: ({ world, random }) => {
    world.network.weather.reorder_ms = random.pick([1, 5, 50])
  },
  delay: ({ world, random }) => {
    world.network.weather.delay_ms = random.pick([100, 1_000, 7_000])
  },
  partition: ({ world, random, again }) =>
    again(2_000, 15_000, () => {
      const env = random.pick(world.deployment.current?.envs ?? [])
      if (env) world.streams.partition(env.life, random.between(100, 9_000))
    }),
  crash: ({ world, random, again, after }) =>
    again(3_000, 25_000, () => {
      world.deployment.current?.kill()
      after(random.between(50, 3_000), () => world.deployment.keepUp())
    }),
  thread_death: ({ world, random, again, after }) =>
    again(4_000, 25_000, () => {
      const node = world.deployment.current
      node?.killThread(random.whole(0, world.plan.threads - 1), random.between(0, 30))
      after(random.between(100, 2_000), () => world.deployment.keepUp())
    }),
  restart: ({ world, again }) => again(5_000, 25_000, () => void world.deployment.replace()),
  pause: ({ world, random, again, after }) =>
    again(3_000, 20_000, () => {
      const ms = random.pick([100, 500, 3_000, 8_000, 20_000]) * random.between(0.5, 1)
      const node = world.deployment.current
      node?.pause(ms)
      if (random.chance(0.8))
        after(ms * random.between(0.1, 1.1), () => {
          if (world.deployment.current === node) world.deployment.launch()
        })
    }),
  clock: ({ world, random, again }) =>
    again(4_000, 20_000, () => {
      const node = world.deployment.current
      if (node) node.clock.offset_ms = random.pick([-minute_ms, -500, 500, 30_000, 60 * minute_ms, 0])
    }),
  leader: ({ world, random, again, after }) =>
    again(5_000, 25_000, () => {
      const ms = random.between(200, 9_000)
      world.streams.loseLeader(ms)
      after(ms, () => world.streams.nats.start())
    }),
  full: ({ world, random, again, after }) =>
    again(4_000, 25_000, () => {
      world.streams.fill(true)
      after(random.between(100, 8_000), () => world.streams.fill(false))
    }),
  snapshot: ({ world, random }) => {
    world.database.lies = random.pick([0.1, 0.5])
  },
  database: ({ world, random, again, after }) => {
    world.database.stuck = random.pick([0, 0.2])
    again(3_000, 25_000, () => {
      world.database.down = true
      after(random.between(200, 15_000), () => {
        world.database.down = false
      })
    })
  },
  stripe: ({ world, random }) => {
    world.provider.sandbox.faults = {
      lost_answers: random.pick([0, 0.1, 0.3]),
      saved_500s: random.pick([0, 0.1, 0.3]),
      too_many: random.pick([0, 0.1]),
      doubled_webhooks: random.pick([0, 0.5]),
      webhook_delay_ms: random.pick([0, 500, 10_000]),
      answer_delay_ms: 0,
    }
  },
  poison: ({ world, again }) => again(1_000, 10_000, () => void world.crowd.poison()),
  hot_key: ({ world }) => {
    world.crowd.hot = true
  },
}

/** Begins all that the plan names. */
export function begin(world: World): void {
  const { plan, timeline, weather_life } = world
  const after = (ms: number, call: () => void) =>
    void timeline.after(ms, weather_life, () => {
      if (!world.phase.healed) call()
    })
  for (const name of plan.faults) {
    const random = world.chance(`fault ${name} itself`)
    const again: Trouble['again'] = (least_ms, most_ms, call) => {
      const next = (wait_ms: number) =>
        after(wait_ms, () => {
          call()
          next(random.between(least_ms, most_ms))
        })
      next(random.between(0, most_ms))
    }
    rows[name]({ world, random, again, after })
  }
}

/** All trouble is over: what is down comes up, what was replaced is taken away. */
export function heal(world: World): void {
  const { network, database, provider, streams, deployment, crowd } = world
  world.phase.healed = true
  Object.assign(network.weather, fair)
  database.down = false
  database.lies = 0
  database.stuck = 0
  provider.heal()
  streams.heal()
  crowd.hot = false
  deployment.heal()
}
