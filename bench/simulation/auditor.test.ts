import { describe, expect, test } from 'vitest'
import {
  accepted,
  confirmed,
  declined,
  delivered,
  done,
  driving,
  owner,
  pending,
  pendingOf,
  pet_spec,
  pickedUp,
  requested,
  rival,
  runner,
  taken,
} from '../../actors/booking.given.ts'
import { self } from '../../actors/given.ts'
import type { Message } from '../../protocols/actor.ts'
import { packState } from '../../protocols/codec.ts'
import { type GivenLog, log } from './auditor.given.ts'
import { secret } from './plan.ts'

const events = (...told: readonly object[]) => ({ events: told as readonly Message[] })
const acceptedBy = (runner_id: string) => ({ ...accepted, runner_id })
const online = { type: 'runner.online', runner_id: runner.id, latitude: 3, longitude: 101 }
const intent = {
  id: 'pi_1',
  created_ms: 0,
  amount: 100,
  currency: 'myr',
  capture_method: 'manual',
  metadata: { booking_id: self, hold: '1' },
  status: 'requires_capture',
  payment_method: '',
  return_url: '',
  approval_url: '',
  last_error: null,
  held_ms: 0,
  captured: 0,
  captures: 0,
  refunded: 0,
} as const
const registered = {
  type: 'runner.registered',
  profile_id: owner.id,
  full_name: 'Aminah',
  phone: '',
  vehicle_type: 'car',
  vehicle_plate: 'JKL 1',
  vehicle_model: 'Myvi',
  vehicle_year: 0,
  air_conditioned: false,
}
const crate = {
  id: rival.id,
  size: 'small',
  pet_types: ['cat'],
  max_weight_kg: 60,
  ventilated: true,
  temperature_controlled: false,
}
/** Both runners have a crate that everything fits into. */
function equipped(given: GivenLog): GivenLog {
  for (const { id } of [runner, rival])
    given.frame({ kind: 'runner', id, ...events(registered, { type: 'runner.crate_added', crate }) })
  return given
}
const paid = (change: object) => (given: GivenLog) => given.auditor.paid([{ ...intent, ...change }])
const answer = { ok: true, shard: 0, n: 0, view: {} } as const
const asked = { actor: 'booking', id: self }
const cutOf = (state: unknown, more: object = {}) => ({
  shard: 0,
  epoch: 1,
  n: 1,
  log_seq: 2,
  hash: '',
  at_ms: 0,
  shard_row: new Uint8Array(),
  actors: [{ kind: 'booking', id: self, seq: 1, state: packState(state, '') }],
  ...more,
})
const stateOf = ({ auditor }: GivenLog) => auditor.fold.find('booking', self)?.state

type Doing = (given: GivenLog) => unknown

const ordinary: Readonly<Record<string, Doing>> = {
  'a delivery and its money': (given) => {
    equipped(given).frame(events(...done, confirmed))
    paid({ captured: 100, captures: 1, status: 'succeeded' })(given)
  },
  'a runner who declines, and the next one': (given) =>
    equipped(given).frame(events(...taken, declined, pendingOf(rival.id, 2), acceptedBy(rival.id))),
  'a claim, and what its writer goes on with': (given) =>
    given
      .frame({ commands: ['a'] })
      .claim({ epoch: 2, writer: 'x' })
      .frame({ commands: ['b'], otherwise: { epoch: 2, writer: 'x' } }),
  'an answer, a picture and a cut of what is on disk': (given) => {
    given.frame(events(requested))
    given.auditor.answered(asked, { ...answer, n: 1, view: { version: 1 } } as never)
    given.auditor.shown({ of: asked, seq: 1 } as never)
    given.auditor.acked('booking.requested', self, owner)
    given.auditor.saved(cutOf(stateOf(given)) as never)
  },
  'a list that shows what its reader was told, and one that says it may not': ({ auditor }) => {
    auditor.listed(owner, new Map([[self, 1]]), [{ id: self, version: 2 }], false)
    auditor.listed(owner, new Map([[self, 1]]), [], true)
    auditor.read(owner, 'at home', 'at home')
  },
}

const broken: Readonly<Record<string, readonly [rule: string, doing: Doing]>> = {
  'a frame is left out': ['log', (given) => given.frame({}).frame({ otherwise: { n: 3 } })],
  'a frame comes twice': ['log', (given) => given.frame({}).frame({ otherwise: { n: 1 } })],
  'a frame follows another entry than it says': [
    'log',
    (given) => given.frame({ otherwise: { prev_seq: 7 } }),
  ],
  'the chain is broken': ['log', (given) => given.frame({ otherwise: { prev_hash: 'f'.repeat(64) } })],
  'a frame is of an older epoch than the claim': ['log', (given) => given.claim({ epoch: 2 }).frame({})],
  'a frame is of another writer': ['log', (given) => given.frame({ otherwise: { writer: 'stranger' } })],
  'the writer of a claim that was overtaken goes on': [
    'log',
    (given) => given.claim({ writer: 'late' }).frame({ otherwise: { writer: 'late' } }),
  ],
  'a command is in two frames': [
    'once',
    (given) => given.frame({ commands: ['a'] }).frame({ commands: ['a'] }),
  ],
  'a command is in one frame twice': ['once', (given) => given.frame({ commands: ['a', 'a'] })],
  'events of an actor have a gap': ['fold', (given) => given.frame({ ...events(requested), skip: 1 })],
  'a state cannot be': [
    'state',
    (given) => given.frame(events({ ...acceptedBy(''), type: 'booking.accepted' })),
  ],
  'an acked command left no event': [
    'acked',
    (given) => given.auditor.acked('booking.requested', self, owner),
  ],
  'an answer rests on a frame that is not on disk': [
    'gate',
    (given) => given.frame({}).auditor.answered(asked, { ...answer, n: 2 } as never),
  ],
  'an answer shows what is not on disk': [
    'gate',
    (given) =>
      given.frame(events(requested)).auditor.answered(asked, { ...answer, view: { version: 2 } } as never),
  ],
  'a watcher is shown what is not on disk': [
    'gate',
    (given) => given.frame(events(requested)).auditor.shown({ of: asked, seq: 2 } as never),
  ],
  'a frame holds what somebody said in plain words': [
    'personal',
    (given) => given.frame(events({ ...requested, notes: `at home in ${secret}` })),
  ],
  'somebody reads another text than he wrote': [
    'personal',
    ({ auditor }) => auditor.read(owner, '', 'at home'),
  ],
  'a list lacks a booking that its reader was told of': [
    'own writes',
    ({ auditor }) => auditor.listed(owner, new Map([[self, 1]]), [], false),
  ],
  'a list shows a booking as it was before': [
    'own writes',
    ({ auditor }) => auditor.listed(owner, new Map([[self, 2]]), [{ id: self, version: 1 }], false),
  ],
  'a cut holds another state than its events': [
    'snapshot',
    (given) => given.frame(events(requested)).auditor.saved(cutOf({ status: 'completed' }) as never),
  ],
  'a cut holds an event that came after it': [
    'snapshot',
    (given) => given.frame(events(requested)).auditor.saved(cutOf(stateOf(given), { n: 0 }) as never),
  ],
  'an older cut replaces a newer one': [
    'snapshot',
    (given) => {
      given.frame(events(requested))
      given.auditor.saved(cutOf(stateOf(given), { epoch: 2 }) as never)
      given.auditor.saved(cutOf(stateOf(given)) as never)
    },
  ],
  'an acked fix is in no trip': [
    'waypoint',
    (given) => given.frame(events(...driving)).auditor.kept(self, runner.id, 'boot:1'),
  ],
  'a status leaves the machine': ['machine', (given) => given.frame(events(requested, delivered))],
  'a booking is picked up twice': ['machine', (given) => given.frame(events(...driving, pickedUp))],
  'two runners are pending': [
    'one runner',
    (given) => given.frame(events(requested, pending, pendingOf(rival.id, 2))),
  ],
  'a second runner gets a booking that nobody released': [
    'one runner',
    (given) => given.frame(events(...taken, acceptedBy(rival.id))),
  ],
  'a runner who is offline is reserved': [
    'capacity',
    (given) => given.frame({ kind: 'runner', id: runner.id, ...events(reservedFor(self)) }),
  ],
  'a runner holds more than he may': [
    'capacity',
    (given) =>
      given.frame({
        kind: 'runner',
        id: runner.id,
        ...events(online, reservedFor(self), reservedFor(owner.id)),
      }),
  ],
  'a runner without a crate is given an animal': ['crate', (given) => given.frame(events(...taken))],
  'a runner has no crate that the animal fits into': [
    'crate',
    (given) => {
      const tiny = { ...crate, max_weight_kg: 1 }
      given.frame({
        kind: 'runner',
        id: runner.id,
        ...events(registered, { type: 'runner.crate_added', crate: tiny }),
      })
      return given.frame(events(...taken))
    },
  ],
  'an animal goes with an old vaccination': [
    'vaccination',
    (given) => {
      const vaccinations = [{ vaccine_name: 'F3', date_given: '2020-01-01T00:00:00Z' }]
      return given.frame(events({ ...requested, pet_spec: { ...pet_spec, vaccinations } }))
    },
  ],
  'more is captured than held': [
    'money',
    (given) => paid({ captured: 101, captures: 1 })(given.frame(events(...done, confirmed))),
  ],
  'money is captured twice': [
    'money',
    (given) => paid({ captured: 100, captures: 2 })(given.frame(events(...done, confirmed))),
  ],
  'more is refunded than captured': [
    'money',
    (given) => paid({ refunded: 1 })(given.frame(events(...done, confirmed))),
  ],
  'money is captured before the delivery is confirmed': [
    'money',
    (given) => paid({ captured: 100, captures: 1 })(given.frame(events(...done))),
  ],
  'one hold has two intents with money': [
    'money',
    ({ auditor }) => auditor.money.end([intent, { ...intent, id: 'pi_2' }] as never, () => false),
  ],
  'a cancelled booking keeps its money': [
    'money',
    ({ auditor }) => auditor.money.end([intent] as never, () => true),
  ],
}

function reservedFor(booking_id: string) {
  return {
    type: 'runner.reserved',
    runner_id: runner.id,
    booking_id,
    attempt: 1,
    requirement: {},
    pickup: {},
  }
}

const [ordinary_rows, broken_rows] = [Object.entries(ordinary), Object.entries(broken)]

describe('the auditor', () => {
  test.each(ordinary_rows)('SV1 finds nothing in what is as it should be: %s', (_what, doing) => {
    const given = log()
    doing(given)
    expect(given.auditor.breaches.all).toEqual([])
  })

  test.each(broken_rows)('SV2 reports what is not: %s', (_what, [rule, doing]) => {
    const given = log()
    doing(given)
    expect(given.broken).toContain(rule)
  })

  test('SV3 owes what a frame announced until a frame settles it', () => {
    const given = log().frame(events(requested, pending))
    const due = given.auditor.debts.overdue(Number.POSITIVE_INFINITY)
    expect(due.length).toBeGreaterThan(0)
    const ids = due.map((line) => /^(?:timer|step) (\S+):(?= )/.exec(line)?.[1] ?? '')
    given.frame({ settled: ids })
    expect(given.auditor.debts.overdue(Number.POSITIVE_INFINITY)).toEqual([])
  })

  test('SV4 sees where bookings and runners disagree', () => {
    const given = log().frame(events(...taken))
    expect(
      given.auditor.domain.disagreements(given.auditor.bookings(), given.auditor.runners()),
    ).toHaveLength(1)
  })
})
