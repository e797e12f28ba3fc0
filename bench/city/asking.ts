// How a command of anybody is asked: until its outcome is known, and then written down.
import { Refused } from '../../gateways/client/pending_commands.ts'
import type { CommandKind } from './ledger.ts'
import type { Trip, World } from './world.ts'

const again_ms = 500
const tries_max = 120

export interface Asked {
  readonly kind: CommandKind
  readonly by: string
  readonly trip: Trip | undefined
  /** What the command was on, given the answer. */
  on(view: object): string
  /** Sends it, each time under the same key. Rejects with `Refused` when the engine said no, with anything else when nobody knows. */
  send(): Promise<object>
}

/** Refusals that a fair game leads to. A cancelled trip also refuses its runner. */
const fair: Readonly<Partial<Record<CommandKind, readonly string[]>>> = {
  accept: ['booking.lost_race', 'booking.wrong_status', 'booking.runner_refused', 'runner.at_capacity'],
  cancel: ['booking.wrong_status'],
  register: ['runner.exists'],
}
const cancelled: readonly string[] = ['booking.wrong_status', 'booking.not_yours', 'booking.not_accepted']

/** The view that the engine acked with, or undefined when it refused. What may pass is asked again, a bounded number of times. */
export async function ask(world: World, asked: Asked): Promise<object | undefined> {
  const started_ms = performance.now()
  const { ledger } = world
  world.in_flight += 1
  try {
    for (let tries = 1; ; tries++) {
      const outcome = await asked.send().catch((error: unknown) => refusalOf(error))
      if (!(outcome instanceof Refusal)) {
        ledger.ack(asked.kind, asked.on(outcome), asked.by, started_ms)
        return outcome
      }
      if (!outcome.may_pass || tries >= tries_max || world.is_closed) {
        ledger.refuse(asked.kind, outcome.code, isFair(asked, outcome.code), started_ms)
        return undefined
      }
      ledger.retry(asked.kind, outcome.code)
      await world.sleep(again_ms)
    }
  } finally {
    world.in_flight -= 1
  }
}

class Refusal {
  readonly code: string
  readonly may_pass: boolean
  constructor(code: string, may_pass: boolean) {
    this.code = code
    this.may_pass = may_pass
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return new Refusal(error.problem.code, error.problem.status === 503)
  return new Refusal(error instanceof Error ? error.name : 'unknown', true)
}

function isFair({ kind, trip }: Asked, code: string): boolean {
  const ended = trip !== undefined && trip.ended_ms !== Number.POSITIVE_INFINITY
  return (fair[kind]?.includes(code) ?? false) || (ended && cancelled.includes(code))
}
