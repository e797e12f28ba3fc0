import { MemorySnapshots } from '../../engine/memory_snapshots.ts'
import type { Drivers, Snapshots } from '../../engine/ports.ts'
import type { Behaviour } from '../../protocols/actor.ts'

type Stores = Omit<Drivers, 'effects'>

/** A bug that is put in from outside: what a simulation is worth shows in how soon it finds one. */
export interface Plant {
  readonly name: string
  behaviours(all: readonly Behaviour[]): readonly Behaviour[]
  drivers(stores: Stores): Stores
  snapshots(): Snapshots
  /** Puts in what no port reaches, and gives back how it is taken out again. */
  install(): () => void
}

export const no_plant: Plant = {
  name: 'none',
  behaviours: (all) => all,
  drivers: (stores) => stores,
  snapshots: () => new MemorySnapshots(),
  install: () => () => {},
}
