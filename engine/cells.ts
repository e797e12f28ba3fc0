import { cellToBoundary, cellToLatLng, cellToParent, h3IndexToSplitLong, latLngToCell } from 'h3-js'
import { writeVector } from './sphere.ts'

/** H3 has 122 cells at resolution 0; each of the finer ones is one of seven digits below its parent. */
export const base_cells = 122
const digits = 7

/** A leaf keeps a point that has strayed out of it by this much, so that a point on a border does not flutter. */
const slack = 1.1

/** `content` of a cell in which nothing is; a leaf has a number below that, a cell with cells below it has its block. */
export const vacant = -1

/**
 * The tree of the H3 cells that have something in them. The seven cells below one lie side by side in memory (a
 * block); cell `base_cells + 7 * block + digit`. An H3 cell does not quite hold its children, so every cell has a
 * measured cover instead: the tree is right on pentagons, poles and the date line without a special case.
 */
export class Cells {
  /** Four numbers a cell: the unit vector of its centre, and the longest chord from there to anything below it. */
  shape = new Float64Array(4 * (base_cells + digits * 64))
  /** By cell: `vacant`, a block, or of a leaf `-2 - bucket`. */
  content = new Int32Array(base_cells + digits * 64).fill(vacant)
  readonly #finest: number
  /** By block: the cell above it, and how many of its cells are not vacant. */
  #parents = new Int32Array(64)
  #used = new Int32Array(64)
  #blocks = 0
  readonly #free: number[] = []
  readonly #vertex = new Float64Array(3)

  /** `finest`: the resolution below which no leaf is split. */
  constructor(finest: number) {
    this.#finest = finest
  }

  /** The H3 cell of a point, at the finest resolution. */
  nameOf(latitude: number, longitude: number): string {
    return latLngToCell(latitude, longitude, this.#finest)
  }

  /** The leaf, or the vacant cell that may become one, on the way down to an H3 cell. */
  seek(name: string): number {
    const [low, high] = h3IndexToSplitLong(name)
    let cell = (high >>> 13) & 127
    for (let resolution = 1; resolution <= this.#finest; resolution++) {
      const block = this.content[cell] as number
      if (block < 0) break
      cell = base_cells + digits * block + digitOf(low, high, resolution)
    }
    return cell
  }

  /** Whether there are finer cells that a leaf could be split into. */
  splits(cell: number): boolean {
    return this.#resolutionOf(cell) < this.#finest
  }

  /** Turns a vacant cell into a leaf. */
  open(cell: number, bucket: number, name: string): void {
    const resolution = this.#resolutionOf(cell)
    const own_name = resolution === this.#finest ? name : cellToParent(name, resolution)
    const [latitude, longitude] = cellToLatLng(own_name)
    writeVector(latitude, longitude, this.shape, 4 * cell)
    this.shape[4 * cell + 3] = this.#reach(own_name, cell)
    this.content[cell] = -2 - bucket
    if (cell >= base_cells) this.#used[this.#blockOf(cell)] = (this.#used[this.#blockOf(cell)] as number) + 1
    this.#widen(cell)
  }

  /** Turns a leaf whose points have been taken out into a cell with cells below it. */
  split(leaf: number): void {
    const block = this.#free.pop() ?? this.#blocks++
    if (block === this.#parents.length) this.#grow()
    this.#parents[block] = leaf
    this.#used[block] = 0
    const first = base_cells + digits * block
    this.content.fill(vacant, first, first + digits)
    this.content[leaf] = block
  }

  /** Turns an empty leaf into a vacant cell, and the cells above it that have nothing in them then. */
  close(leaf: number): void {
    let cell = leaf
    this.content[cell] = vacant
    while (cell >= base_cells) {
      const block = this.#blockOf(cell)
      const used = (this.#used[block] as number) - 1
      this.#used[block] = used
      if (used > 0) return
      cell = this.#parents[block] as number
      this.content[cell] = vacant
      this.#free.push(block)
    }
  }

  /** Whether a leaf may hold the point with this unit vector. */
  covers(leaf: number, x: number, y: number, z: number): boolean {
    const cover = this.shape[4 * leaf + 3] as number
    return this.#squaredTo(leaf, x, y, z) <= cover * cover
  }

  #blockOf(cell: number): number {
    return Math.floor((cell - base_cells) / digits)
  }

  #resolutionOf(cell: number): number {
    let resolution = 0
    for (let at = cell; at >= base_cells; at = this.#parents[this.#blockOf(at)] as number) resolution += 1
    return resolution
  }

  #squaredTo(cell: number, x: number, y: number, z: number): number {
    const dx = (this.shape[4 * cell] as number) - x
    const dy = (this.shape[4 * cell + 1] as number) - y
    const dz = (this.shape[4 * cell + 2] as number) - z
    return dx * dx + dy * dy + dz * dz
  }

  /** A cell's sides are great circles, so none of its points lies farther from the centre than its farthest vertex. */
  #reach(name: string, cell: number): number {
    const vertex = this.#vertex
    let squared = 0
    for (const [latitude, longitude] of cellToBoundary(name)) {
      writeVector(latitude, longitude, vertex, 0)
      squared = Math.max(squared, this.#squaredTo(cell, vertex[0] ?? 0, vertex[1] ?? 0, vertex[2] ?? 0))
    }
    return Math.sqrt(squared) * slack
  }

  /** Lets every cell above a new leaf cover it. */
  #widen(leaf: number): void {
    const { shape } = this
    let cell = leaf
    while (cell >= base_cells) {
      const parent = this.#parents[this.#blockOf(cell)] as number
      const [x = 0, y = 0, z = 0, cover = 0] = shape.subarray(4 * cell, 4 * cell + 4)
      const needed = Math.sqrt(this.#squaredTo(parent, x, y, z)) + cover
      if (needed <= (shape[4 * parent + 3] as number)) return
      shape[4 * parent + 3] = needed
      cell = parent
    }
  }

  #grow(): void {
    const blocks = this.#parents.length * 2
    this.#parents = copied(this.#parents, new Int32Array(blocks))
    this.#used = copied(this.#used, new Int32Array(blocks))
    this.content = copied(this.content, new Int32Array(base_cells + digits * blocks).fill(vacant))
    this.shape = copied(this.shape, new Float64Array(4 * (base_cells + digits * blocks)))
  }
}

/** The digit of an H3 index at a resolution from 1: three bits each, the coarsest at bit 42. */
function digitOf(low: number, high: number, resolution: number): number {
  const shift = 3 * (15 - resolution)
  if (shift >= 32) return (high >>> (shift - 32)) & 7
  return shift === 30 ? ((low >>> 30) | (high << 2)) & 7 : (low >>> shift) & 7
}

/** `into` with all of `from` at its start. */
export function copied<Numbers extends Int32Array | Float64Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from)
  return into
}
