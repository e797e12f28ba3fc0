import { copied } from './cells.ts'
import { writeVector } from './sphere.ts'

/** Points in a bucket. */
export const bucket_points = 16
export const no_bucket = -1

/**
 * The points of the grid's leaves, side by side in memory: a leaf has a chain of buckets, of which only the first is
 * not full. A point's number changes when another one of its leaf is taken out.
 */
export class Buckets<Owner extends { at: number }> {
  /** Four numbers a point: its unit vector and its bits. */
  points = new Float64Array(4 * bucket_points * 64)
  /** Two numbers a point: its latitude and longitude in degrees. */
  places = new Float64Array(2 * bucket_points * 64)
  /** By point. */
  readonly owners: (Owner | undefined)[] = []
  /** By bucket: points in it, the next of the chain, and the leaf that the chain hangs on. */
  count = new Int32Array(64)
  next = new Int32Array(64)
  leaf = new Int32Array(64)
  #made = 0
  readonly #free: number[] = []

  /** An empty bucket before `next`. */
  take(leaf: number, next: number): number {
    const bucket = this.#free.pop() ?? this.#made++
    if (bucket === this.count.length) this.#grow()
    this.count[bucket] = 0
    this.next[bucket] = next
    this.leaf[bucket] = leaf
    return bucket
  }

  /** Puts a point into a bucket that is not full. */
  add(bucket: number, owner: Owner, latitude: number, longitude: number, bits: number): void {
    const index = this.count[bucket] as number
    this.count[bucket] = index + 1
    owner.at = bucket_points * bucket + index
    this.owners[owner.at] = owner
    this.write(owner.at, latitude, longitude, bits)
  }

  write(point: number, latitude: number, longitude: number, bits: number): void {
    writeVector(latitude, longitude, this.points, 4 * point)
    this.points[4 * point + 3] = bits
    this.places[2 * point] = latitude
    this.places[2 * point + 1] = longitude
  }

  /** Takes a point out of the chain that starts with `head`; gives the new head, or `no_bucket` when none is left. */
  remove(head: number, point: number): number {
    const last_index = (this.count[head] as number) - 1
    const last = bucket_points * head + last_index
    if (last !== point) {
      this.points.copyWithin(4 * point, 4 * last, 4 * last + 4)
      this.places.copyWithin(2 * point, 2 * last, 2 * last + 2)
      const moved = this.owners[last]
      if (moved) moved.at = point
      this.owners[point] = moved
    }
    this.owners[last] = undefined
    this.count[head] = last_index
    if (last_index > 0) return head
    this.free(head)
    return this.next[head] as number
  }

  /** The bucket may be given out again; its points stay readable until then. */
  free(bucket: number): void {
    const first = bucket_points * bucket
    this.owners.fill(undefined, first, first + (this.count[bucket] as number))
    this.count[bucket] = 0
    this.#free.push(bucket)
  }

  #grow(): void {
    const buckets = this.count.length * 2
    this.count = copied(this.count, new Int32Array(buckets))
    this.next = copied(this.next, new Int32Array(buckets))
    this.leaf = copied(this.leaf, new Int32Array(buckets))
    this.points = copied(this.points, new Float64Array(4 * bucket_points * buckets))
    this.places = copied(this.places, new Float64Array(2 * bucket_points * buckets))
  }
}
