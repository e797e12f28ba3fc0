import { playFares } from './fares.ts'
import { faults } from './faults.ts'
import { playJourney } from './journey.ts'
import { Unexpected } from './narrator.ts'
import { sandbox_faults } from './sandbox_faults.ts'
import type { Stage } from './stage.ts'

export interface Ending {
  readonly title: string
  /** What was otherwise than told; undefined when nothing was. */
  readonly flaw: string | undefined
}

type Scene = (stage: Stage) => Promise<void>

/** The good story and the fares, or everything that goes wrong: with the sandbox at hand, at the bank as well. */
export function scenesOf(with_faults: boolean, with_sandbox: boolean): Readonly<Record<string, Scene>> {
  if (with_faults) return with_sandbox ? { ...faults, ...sandbox_faults } : faults
  return { 'Johor Bahru to Kuala Lumpur': playJourney, 'Fares in Johor and Kuala Lumpur': playFares }
}

/** Plays scene after scene; one that fails ends there, and the next begins. */
export async function playAll(
  stage: Stage,
  scenes: Readonly<Record<string, Scene>>,
): Promise<readonly Ending[]> {
  const endings: Ending[] = []
  for (const [title, scene] of Object.entries(scenes)) {
    stage.told.scene(title)
    endings.push({ title, flaw: await flawOf(scene, stage) })
  }
  return endings
}

async function flawOf(scene: Scene, stage: Stage): Promise<string | undefined> {
  try {
    await scene(stage)
    return undefined
  } catch (cause) {
    if (cause instanceof Unexpected) return cause.message
    return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  }
}
