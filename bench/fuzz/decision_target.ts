// Commands that pass the door, brought to actors in every state that was recorded.
import fc from 'fast-check'
import { behaviours } from '../../actors/behaviours.ts'
import { type Behaviour, type Context, isRejection, type Message, type Role } from '../../protocols/actor.ts'
import { commands } from '../../protocols/catalogue.ts'
import { checkCommand, eventFlaw } from '../../protocols/check.ts'
import { packState, unpackState } from '../../protocols/codec.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { isRefusal } from '../../protocols/rejections.ts'
import { statesOf } from './codec_targets.ts'
import { editedJson, jsonEdits } from './edits.ts'
import { known_ids } from './little_world.ts'
import type { RecordedLog } from './recorded.ts'
import { fitting } from './shapes.ts'
import { type Fuzzed, fuzzed, insist } from './target.ts'

const roles: readonly Role[] = ['owner', 'runner', 'admin', 'shop', 'service']
const noon_ms = 1_773_453_600_000
const kindOf = (type: string) => type.slice(0, type.indexOf('.'))

/** Whatever a stranger may say, an actor decides: facts of their schema, states that keep their rules, and no exception. */
export function decisionTarget(log: RecordedLog): Fuzzed {
  const states = statesOf(log)
  const by_kind = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
  const command = fc.oneof(
    ...Object.entries(commands).map(([type, schema]) =>
      fc.record({
        type: fc.constant(type),
        body: fitting(schema, known_ids),
        changes: jsonEdits,
        state: fc.noBias(fc.nat(0xffff)),
        by: fc.constantFrom(...known_ids),
        role: fc.constantFrom(...roles),
        late_ms: fc.constantFrom(0, 1, 60_000, 86_400_000, 4e11),
      }),
    ),
  )
  return fuzzed({
    name: 'decisions',
    share: 9,
    batch: 128,
    input: command,
    attempt(inputs, tally) {
      for (const { type, body, changes, state, by, role, late_ms } of inputs) {
        const behaviour = by_kind.get(kindOf(type))
        const found = states.get(kindOf(type)) ?? []
        const actor = found[state % found.length]
        const checked = checkCommand(type, editedJson(body, changes))
        if (!behaviour || !actor || isRefusal(checked)) {
          tally('malformed')
          continue
        }
        const context = { ...standing, id: actor.id, by: { id: by, role }, at_ms: noon_ms + late_ms }
        tally(decided(behaviour, actor.state, { ...checked, type }, context))
      }
    },
  })
}

const standing: Omit<Context, 'id' | 'by' | 'at_ms'> = {
  policy: firstPolicy,
  command_id: 'command-1',
  serial: 1,
  shard: 0,
  shards: 2,
}

function decided(behaviour: Behaviour, before: unknown, command: Message, context: Context): string {
  const decision = behaviour.decide(before, command, context)
  if (isRejection(decision)) return 'rejected'
  let state = before
  for (const event of decision) {
    const { type, ...data } = event
    const flaw = eventFlaw(type, data)
    insist(flaw === undefined, `${type}: ${flaw}`)
    state = behaviour.evolve(state, event, context)
    behaviour.react(event, context)
  }
  const broken = behaviour.invariant(state)
  insist(broken === undefined, `${behaviour.name}: ${broken}`)
  behaviour.view({ state, volatile: behaviour.volatile }, context.id)
  unpackState(packState(state))
  return decision.length === 0 ? 'already so' : 'decided'
}
