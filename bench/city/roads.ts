import type { Random } from './random.ts'

/** Degrees, WGS 84. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** A way to drive: `along_m[i]` is the distance from the start to `points[i]`. */
export interface Road {
  readonly points: readonly Place[]
  readonly along_m: readonly number[]
  readonly length_m: number
  readonly speed_kmh: number
  /** Stretches without coverage, metres from the start: tunnels, cuttings and plantations. */
  readonly gaps: readonly (readonly [number, number])[]
}

/** A town is a grid of streets around a centre, turned by `bearing` radians. */
export interface Town extends Place {
  readonly name: string
  readonly bearing: number
}

/** A crossing of a town: whole blocks east and north of the centre, before the grid is turned. */
export interface Crossing {
  readonly east: number
  readonly north: number
}

const metres_per_degree = 111_195
const block_m = 110
export const town_blocks = 6

/** Towns on the North-South Expressway (E2) from south to north; coordinates are those of their centres or interchanges. */
export const towns: readonly Town[] = [
  { name: 'Johor Bahru', latitude: 1.4927, longitude: 103.7414, bearing: 0.2 },
  { name: 'Skudai', latitude: 1.5343, longitude: 103.6594, bearing: 0.9 },
  { name: 'Kulai', latitude: 1.6561, longitude: 103.6032, bearing: 0.5 },
  { name: 'Simpang Renggam', latitude: 1.826, longitude: 103.3067, bearing: 1.2 },
  { name: 'Ayer Hitam', latitude: 1.9151, longitude: 103.1808, bearing: 0.1 },
  { name: 'Yong Peng', latitude: 2.0136, longitude: 103.0658, bearing: 0.7 },
  { name: 'Pagoh', latitude: 2.1486, longitude: 102.7672, bearing: 0.4 },
  { name: 'Tangkak', latitude: 2.2673, longitude: 102.5453, bearing: 1.1 },
  { name: 'Ayer Keroh', latitude: 2.268, longitude: 102.2844, bearing: 0.3 },
  { name: 'Alor Gajah', latitude: 2.3804, longitude: 102.2089, bearing: 0.8 },
  { name: 'Simpang Ampat', latitude: 2.4425, longitude: 102.1917, bearing: 0.6 },
  { name: 'Seremban', latitude: 2.7258, longitude: 101.9424, bearing: 1.3 },
  { name: 'Nilai', latitude: 2.8163, longitude: 101.7969, bearing: 0.2 },
  { name: 'Kajang', latitude: 2.9927, longitude: 101.7909, bearing: 1.0 },
  { name: 'Kuala Lumpur', latitude: 3.139, longitude: 101.6869, bearing: 0.5 },
]

/** Metres between near places: flat to within 0.1 % over 50 km here. */
export function metresBetween(a: Place, b: Place): number {
  const north = (b.latitude - a.latitude) * metres_per_degree
  const east = (b.longitude - a.longitude) * metres_per_degree * Math.cos((a.latitude * Math.PI) / 180)
  return Math.hypot(north, east)
}

/** The place some metres east and north of another. */
export const shifted = (from: Place, east_m: number, north_m: number): Place => ({
  latitude: from.latitude + north_m / metres_per_degree,
  longitude: from.longitude + east_m / (metres_per_degree * Math.cos((from.latitude * Math.PI) / 180)),
})

export function roadOf(points: readonly Place[], speed_kmh: number, gaps: Road['gaps'] = []): Road {
  const along_m = [0]
  let length_m = 0
  for (let index = 1; index < points.length; index++) {
    const [before, here] = [points[index - 1], points[index]]
    if (before && here) length_m += metresBetween(before, here)
    along_m.push(length_m)
  }
  return { points, along_m, length_m, speed_kmh, gaps }
}

/** Where one is after `along` metres, and the heading there in degrees from north. Beyond an end it is that end. */
export function placeAt(road: Road, along: number): Place & { heading_degrees: number } {
  let low = 0
  let high = road.points.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((road.along_m[middle] ?? 0) <= along) low = middle
    else high = middle
  }
  const from = road.points[low] ?? road.points[0]
  const to = road.points[high] ?? from
  if (!from || !to) throw new Error('a road has at least one point')
  const start_m = road.along_m[low] ?? 0
  const step_m = (road.along_m[high] ?? 0) - start_m
  const share = step_m > 0 ? Math.min(1, Math.max(0, (along - start_m) / step_m)) : 0
  const east = (to.longitude - from.longitude) * Math.cos((from.latitude * Math.PI) / 180)
  const heading = (Math.atan2(east, to.latitude - from.latitude) * 180) / Math.PI
  return {
    latitude: from.latitude + (to.latitude - from.latitude) * share,
    longitude: from.longitude + (to.longitude - from.longitude) * share,
    heading_degrees: (heading + 360) % 360,
  }
}

export const isCovered = (road: Road, along: number): boolean =>
  !road.gaps.some(([from, to]) => along >= from && along < to)

export function crossingPlace(town: Town, { east, north }: Crossing): Place {
  const [cos, sin] = [Math.cos(town.bearing), Math.sin(town.bearing)]
  return shifted(town, (east * cos - north * sin) * block_m, (east * sin + north * cos) * block_m)
}

/** The crossing nearest to a place of the town. */
export function crossingAt(town: Town, place: Place): Crossing {
  const north_m = (place.latitude - town.latitude) * metres_per_degree
  const east_m =
    (place.longitude - town.longitude) * metres_per_degree * Math.cos((town.latitude * Math.PI) / 180)
  const [cos, sin] = [Math.cos(town.bearing), Math.sin(town.bearing)]
  const inside = (blocks: number) => Math.max(-town_blocks, Math.min(town_blocks, Math.round(blocks))) + 0
  return {
    east: inside((east_m * cos + north_m * sin) / block_m),
    north: inside((north_m * cos - east_m * sin) / block_m),
  }
}

export const anyCrossing = (random: Random): Crossing => ({
  east: random.whole(-town_blocks, town_blocks),
  north: random.whole(-town_blocks, town_blocks),
})

/** A crossing `blocks` blocks away from another, inside the town. */
export function crossingNear(random: Random, from: Crossing, blocks: number): Crossing {
  const east_blocks = random.whole(0, blocks)
  const turn = (at: number, by: number) => {
    const signed = random.chance(0.5) ? by : -by
    return Math.abs(at + signed) <= town_blocks ? at + signed : at - signed
  }
  return { east: turn(from.east, east_blocks), north: turn(from.north, blocks - east_blocks) }
}

/** Along the streets of a town, one block at a time. One way in eight has a stretch without coverage. */
export function streets(random: Random, town: Town, from: Crossing, to: Crossing): Road {
  const points = [crossingPlace(town, from)]
  let { east, north } = from
  while (east !== to.east || north !== to.north) {
    const go_east = north === to.north || (east !== to.east && random.chance(0.5))
    if (go_east) east += Math.sign(to.east - east)
    else north += Math.sign(to.north - north)
    points.push(crossingPlace(town, { east, north }))
  }
  const bare = roadOf(points, random.between(32, 50))
  if (!random.chance(0.125)) return bare
  return { ...bare, gaps: [[bare.length_m * 0.3, bare.length_m * random.between(0.45, 0.7)]] }
}

/** A point of the Catmull-Rom curve between b and c. */
function curve(a: number, b: number, c: number, d: number, t: number): number {
  return (
    0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)
  )
}

/** One leg of the expressway, from b to c, without its first point. */
function leg([a, b, c, d]: readonly [Place, Place, Place, Place]): Place[] {
  const steps = Math.max(2, Math.ceil(metresBetween(b, c) / 350))
  return Array.from({ length: steps }, (_, index) => ({
    latitude: curve(a.latitude, b.latitude, c.latitude, d.latitude, (index + 1) / steps),
    longitude: curve(a.longitude, b.longitude, c.longitude, d.longitude, (index + 1) / steps),
  }))
}

/** The expressway from one town to another, in gentle curves of a few hundred metres a piece, with 600 m of plantation every 2.4 km. */
export function expressway(from: Town, to: Town): Road {
  const [start, end] = [towns.indexOf(from), towns.indexOf(to)]
  const way = start <= end ? towns.slice(start, end + 1) : towns.slice(end, start + 1).reverse()
  const points: Place[] = [{ latitude: from.latitude, longitude: from.longitude }]
  for (const [index, b] of way.slice(0, -1).entries()) {
    const c = way[index + 1] ?? b
    points.push(...leg([way[index - 1] ?? b, b, c, way[index + 2] ?? c]))
  }
  const { length_m } = roadOf(points, 0)
  const gaps: [number, number][] = []
  for (let at = 700; at + 600 < length_m; at += 2_400) gaps.push([at, at + 600])
  return roadOf(points, 104, gaps)
}
