import { Grid } from '../../engine/grid.ts'
import { Random } from '../city/random.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'

/** Runners spread evenly over an area in degrees. */
interface Layout {
  readonly runners: number
  readonly south: number
  readonly west: number
  readonly height: number
  readonly width: number
}

const km_per_degree = 111.195
const searches = 20_000
const wanted = 10
const radius_km = 5
/** One runner in four lacks what the search asks for; one in eight is told by his id to be stale. */
const bits_asked = 1
const lacking = 0.25
const isFresh = (id: string) => id.charCodeAt(id.length - 1) > 49

const area = (runners: number, south: number, west: number, north_km: number, east_km: number): Layout => ({
  runners,
  south,
  west,
  height: north_km / km_per_degree,
  width: east_km / (km_per_degree * Math.cos((south * Math.PI) / 180)),
})

const corridor = (runners: number) => area(runners, 1.4, 101.5, 280, 200)
const city = (runners: number) => area(runners, 3.0, 101.55, 30, 30)
/** Ten times the runners on ten times the area. */
const wide = (runners: number) => area(10 * runners, 1.4, 101.5, 280 * Math.sqrt(10), 200 * Math.sqrt(10))

interface Peopled {
  readonly grid: Grid
  readonly layout: Layout
}

function peopled(layout: Layout, random: Random): Peopled {
  const grid = new Grid()
  for (let index = 0; index < layout.runners; index++) {
    const id = `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
    const latitude = layout.south + random.next() * layout.height
    const longitude = layout.west + random.next() * layout.width
    grid.place(id, latitude, longitude, random.chance(lacking) ? 0 : bits_asked)
  }
  return { grid, layout }
}

/** Microseconds of each search, sorted. */
function timed({ grid, layout }: Peopled, random: Random): Float64Array {
  const took_us = new Float64Array(searches)
  for (let search = 0; search < searches; search++) {
    const latitude = layout.south + random.next() * layout.height
    const longitude = layout.west + random.next() * layout.width
    const start = process.hrtime.bigint()
    grid.near(latitude, longitude, radius_km, wanted, bits_asked, isFresh)
    took_us[search] = Number(process.hrtime.bigint() - start) / 1_000
  }
  return took_us.sort()
}

/** Moves of up to 20 m, as a ping makes them; microseconds each. */
function movesTook({ grid, layout }: Peopled, random: Random): number {
  const moves = 200_000
  const start = performance.now()
  for (let move = 0; move < moves; move++) {
    const id = `00000000-0000-4000-8000-${Math.floor(random.next() * layout.runners)
      .toString(16)
      .padStart(12, '0')}`
    const at = grid.position(id)
    if (!at) continue
    const [north, east] = [(random.next() - 0.5) * 0.0004, (random.next() - 0.5) * 0.0004]
    grid.place(id, at.latitude + north, at.longitude + east, bits_asked)
  }
  return ((performance.now() - start) * 1_000) / moves
}

const at = (sorted: Float64Array, share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN

const names = ['corridor', 'city', 'wide'] as const
type Name = (typeof names)[number]

/** What every round measured of one layout. */
class Times {
  readonly p50: number[] = []
  readonly p99: number[] = []

  add(took_us: Float64Array): void {
    this.p50.push(at(took_us, 0.5))
    this.p99.push(at(took_us, 0.99))
  }
}

async function run({ rounds, size }: Options) {
  const random = new Random(7)
  const runners = size('runners', 100_000)
  const layouts: Readonly<Record<Name, Peopled>> = {
    corridor: peopled(corridor(runners), random),
    city: peopled(city(runners / 5), random),
    wide: peopled(wide(runners), random),
  }
  const times: Readonly<Record<Name, Times>> = { corridor: new Times(), city: new Times(), wide: new Times() }
  for (const name of names) timed(layouts[name], random)
  for (let round = 0; round < rounds; round++)
    for (const name of names) times[name].add(timed(layouts[name], random))
  const growth = times.wide.p50.map((p50, round) => p50 / (times.corridor.p50[round] ?? Number.NaN))
  const figures = { ours: median(times.corridor.p50) }
  return resultOf('nearby', 'us p50', rounds, figures, {
    counts: `ten best within ${radius_km} km of ${runners} runners over 200 x 280 km, with bit and freshness sieves, exact distance, in process`,
    corridor_p99_us: median(times.corridor.p99),
    city_p50_us: median(times.city.p50),
    city_p99_us: median(times.city.p99),
    ten_times_p50_us: median(times.wide.p50),
    ten_times_ratio: median(growth),
    move_us: movesTook(layouts.corridor, random),
  })
}

export const nearby: Bench = {
  name: 'nearby',
  target: 'p50 <= 15 us in process; ten times the runners <= 1.2 x',
  meets: ({ ours, extra }) => ours <= 15 && Number(extra.ten_times_ratio) <= 1.2,
  run,
}
