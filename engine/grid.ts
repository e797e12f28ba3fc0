import { limits } from '../protocols/limits.ts'
import { Buckets, bucket_points, no_bucket } from './buckets.ts'
import { base_cells, Cells, vacant } from './cells.ts'
import { Frontier } from './frontier.ts'
import { chordOf, haversineKm, writeVector } from './sphere.ts'

/** Chords and haversines of one distance differ by rounding; the haversine has the last word. */
const rounding = 1 + 1e-9

interface Entry {
  readonly id: string
  /** Its point's number in the buckets. */
  at: number
}

/** What a search found: `distance_km` is exact, along the great circle. */
export interface Found {
  readonly id: string
  readonly distance_km: number
}

/**
 * Where the placed actors of one kind are, in one thread's memory: one position an id. A tree of H3 cells, split where
 * many stand together, is searched from the nearest cell outwards.
 */
export class Grid {
  readonly #cells: Cells
  readonly #buckets = new Buckets<Entry>()
  readonly #entries = new Map<string, Entry>()
  readonly #frontier = new Frontier()
  readonly #from = new Float64Array(3)

  /** `resolution` of H3: that of the smallest cells, of which there are as many as are needed. */
  constructor(options: { resolution?: number } = {}) {
    this.#cells = new Cells(options.resolution ?? limits.grid_resolution)
  }

  get size(): number {
    return this.#entries.size
  }

  position(id: string): { readonly latitude: number; readonly longitude: number } | undefined {
    const at = this.#entries.get(id)?.at
    if (at === undefined) return undefined
    const { places } = this.#buckets
    return { latitude: places[2 * at] as number, longitude: places[2 * at + 1] as number }
  }

  /**
   * Puts an id at a point in degrees, or moves it there; `bits` (32) is what it offers. Throws a RangeError for a point
   * that is not on the Earth.
   */
  place(id: string, latitude: number, longitude: number, bits: number): void {
    if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180))
      throw new RangeError(`no such point: ${latitude}, ${longitude}`)
    const entry = this.#entries.get(id)
    if (entry) {
      this.#move(entry, latitude, longitude, bits)
    } else {
      const placed = { id, at: -1 }
      this.#entries.set(id, placed)
      this.#insert(placed, latitude, longitude, bits)
    }
  }

  /** Harmless when the id is not there. */
  remove(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#takeOut(entry)
    this.#entries.delete(id)
  }

  /**
   * The nearest ids within `radius_km` (inclusive), nearest first, at most `limit`, of those that offer all of `bits`.
   * `accept`, the fine sieve, is asked nearest first and only until `limit` are found; it must not change the grid.
   */
  near(
    latitude: number,
    longitude: number,
    radius_km: number,
    limit: number,
    bits: number,
    accept?: (id: string) => boolean,
  ): readonly Found[] {
    const found: Found[] = []
    const frontier = this.#frontier
    const { owners, places } = this.#buckets
    const reach = chordOf(radius_km) * rounding
    writeVector(latitude, longitude, this.#from, 0)
    frontier.clear()
    if (limit > 0) this.#expandCells(0, base_cells, reach)
    while (frontier.size > 0 && found.length < limit) {
      const item = frontier.pop()
      if (item >= 0) {
        this.#expand(item, reach, bits)
        continue
      }
      const point = -1 - item
      const id = owners[point]?.id ?? ''
      const distance_km = haversineKm(
        latitude,
        longitude,
        places[2 * point] as number,
        places[2 * point + 1] as number,
      )
      if (distance_km <= radius_km && (!accept || accept(id))) found.push({ id, distance_km })
    }
    return found
  }

  #move(entry: Entry, latitude: number, longitude: number, bits: number): void {
    const { at } = entry
    this.#buckets.write(at, latitude, longitude, bits)
    const { points, leaf } = this.#buckets
    const home = leaf[Math.floor(at / bucket_points)] as number
    const x = points[4 * at] as number
    const y = points[4 * at + 1] as number
    if (this.#cells.covers(home, x, y, points[4 * at + 2] as number)) return
    this.#takeOut(entry)
    this.#insert(entry, latitude, longitude, bits)
  }

  #insert(entry: Entry, latitude: number, longitude: number, bits: number): void {
    const name = this.#cells.nameOf(latitude, longitude)
    let cell = this.#cells.seek(name)
    while (this.#isFull(cell) && this.#cells.splits(cell)) {
      this.#split(cell)
      cell = this.#cells.seek(name)
    }
    this.#buckets.add(this.#roomIn(cell, name), entry, latitude, longitude, bits)
  }

  #isFull(cell: number): boolean {
    const content = this.#cells.content[cell] as number
    return content !== vacant && this.#buckets.count[-2 - content] === bucket_points
  }

  /** A bucket of the leaf that is not full. */
  #roomIn(cell: number, name: string): number {
    const content = this.#cells.content[cell] as number
    if (content !== vacant && !this.#isFull(cell)) return -2 - content
    const bucket = this.#buckets.take(cell, content === vacant ? no_bucket : -2 - content)
    if (content === vacant) this.#cells.open(cell, bucket, name)
    else this.#cells.content[cell] = -2 - bucket
    return bucket
  }

  /** Who had strayed into the leaf finds his way from the top. A leaf that can be split has one bucket. */
  #split(leaf: number): void {
    const bucket = -2 - (this.#cells.content[leaf] as number)
    const { owners, points, places } = this.#buckets
    const first = bucket_points * bucket
    const strays = owners.slice(first, first + bucket_points)
    const bits = Array.from(
      { length: bucket_points },
      (_, index) => points[4 * (first + index) + 3] as number,
    )
    const at = places.slice(2 * first, 2 * (first + bucket_points))
    this.#buckets.free(bucket)
    this.#cells.split(leaf)
    for (const [index, entry] of strays.entries())
      if (entry)
        this.#insert(entry, at[2 * index] as number, at[2 * index + 1] as number, bits[index] as number)
  }

  #takeOut(entry: Entry): void {
    const leaf = this.#buckets.leaf[Math.floor(entry.at / bucket_points)] as number
    const head = this.#buckets.remove(-2 - (this.#cells.content[leaf] as number), entry.at)
    if (head === no_bucket) this.#cells.close(leaf)
    else this.#cells.content[leaf] = -2 - head
  }

  /** Puts what lies below a cell on the frontier: cells by the least distance that they allow, points by their own. */
  #expand(cell: number, reach: number, bits: number): void {
    const content = this.#cells.content[cell] as number
    if (content >= 0) {
      this.#expandCells(base_cells + 7 * content, base_cells + 7 * content + 7, reach)
      return
    }
    for (let bucket = -2 - content; bucket !== no_bucket; bucket = this.#buckets.next[bucket] as number)
      this.#expandPoints(bucket, reach, bits)
  }

  #expandCells(first: number, end: number, reach: number): void {
    const { shape, content } = this.#cells
    const frontier = this.#frontier
    const x = this.#from[0] as number
    const y = this.#from[1] as number
    const z = this.#from[2] as number
    for (let cell = first; cell < end; cell++) {
      if (content[cell] === vacant) continue
      const dx = (shape[4 * cell] as number) - x
      const dy = (shape[4 * cell + 1] as number) - y
      const dz = (shape[4 * cell + 2] as number) - z
      const least = Math.sqrt(dx * dx + dy * dy + dz * dz) - (shape[4 * cell + 3] as number)
      if (least <= reach) frontier.push(least, cell)
    }
  }

  #expandPoints(bucket: number, reach: number, bits: number): void {
    const { points, count } = this.#buckets
    const frontier = this.#frontier
    const x = this.#from[0] as number
    const y = this.#from[1] as number
    const z = this.#from[2] as number
    const end = bucket_points * bucket + (count[bucket] as number)
    for (let point = bucket_points * bucket; point < end; point++) {
      if (((points[4 * point + 3] as number) & bits) !== bits) continue
      const dx = (points[4 * point] as number) - x
      const dy = (points[4 * point + 1] as number) - y
      const dz = (points[4 * point + 2] as number) - z
      const apart = Math.sqrt(dx * dx + dy * dy + dz * dz)
      if (apart <= reach) frontier.push(apart, -1 - point)
    }
  }
}
