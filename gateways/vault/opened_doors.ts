/**
 * The engine as the doors see it: whatever comes out of it is opened here, so that no door can forget to. What goes in
 * is sealed where a command is put together (`http/commands.ts`).
 */
import type { Answer, ShardHost, Shown } from '../../engine/host.ts'
import type { Lists } from '../../protocols/lists.ts'
import type { Rows } from '../../protocols/rows.ts'
import { status_changes } from '../../protocols/tables.ts'
import { isPersonalActor, isPersonalEvent } from './sealing.ts'
import type { Vault } from './vault.ts'

interface Sealed {
  readonly host: ShardHost
  readonly lists: Lists
  readonly rows: Rows
}

/**
 * The same with every sealed text opened. A question or a list that cannot be opened rejects with a Fault; the answer
 * to a command, which was carried out, and what watchers are shown leave those texts out.
 */
export const openedDoors = ({ host, lists, rows }: Sealed, vault: Vault): Sealed => ({
  host: openedHost(host, vault),
  lists: {
    bookings: async (filter) => vault.open(await lists.bookings(filter)),
    payments: async (filter) => vault.open(await lists.payments(filter)),
    waypoints: (booking_id) => lists.waypoints(booking_id),
  },
  rows: {
    add: (table, row) => rows.add(table, row),
    // Of the tables behind this port one alone is projected from the log; the others hold what people wrote themselves.
    find: async (table, search) => {
      const found = await rows.find(table, search)
      return table.name === status_changes.name ? vault.open(found) : found
    },
    count: (table, where) => rows.count(table, where),
    change: (table, where, values) => rows.change(table, where, values),
    remove: (table, where) => rows.remove(table, where),
  },
})

function openedHost(host: ShardHost, vault: Vault): ShardHost {
  return {
    submit: async (envelope) => {
      const answer = await host.submit(envelope)
      return answer.ok && isPersonalActor(envelope.to.actor)
        ? { ...answer, view: await vault.openOrLeaveOut(answer.view) }
        : answer
    },
    ask: async (question) => openedAnswer(await host.ask(question), question.to.actor, vault),
    near: async (query) => vault.open(await host.near(query)),
    watch: (of, listener) => host.watch(of, inOrder(vault, listener)),
    show: (of, message) => host.show(of, message),
    signal: (note, done) => host.signal(note, done),
  }
}

const openedAnswer = async (answer: Answer, actor: string, vault: Vault): Promise<Answer> =>
  answer.ok && isPersonalActor(actor) ? { ...answer, view: await vault.open(answer.view) } : answer

/** What may hold sealed texts: facts with personal fields, and open bookings. Positions and chat are passed on as they are. */
const isPersonal = ({ type }: Shown['message']) => type === 'booking.open' || isPersonalEvent(type)

/** Shows what needs no key at once; behind one that waits for its key the later ones wait too, so that order is kept. */
function inOrder(vault: Vault, listener: (shown: Shown) => void): (shown: Shown) => void {
  let waiting: Promise<void> | undefined
  return (shown) => {
    const message = isPersonal(shown.message) ? vault.openNow(shown.message) : shown.message
    if (message !== undefined && !waiting) return listener({ ...shown, message })
    const turn: Promise<void> = (waiting ?? Promise.resolve())
      .then(() => (message === undefined ? vault.openOrLeaveOut(shown.message) : message))
      .then((told) => listener({ ...shown, message: told }))
      .finally(() => {
        if (waiting === turn) waiting = undefined
      })
    waiting = turn
  }
}
