/** What of a what-if was not recorded, each with how it is made up: a reader should know before he believes a figure. */
import { limits } from '../../../protocols/limits.ts'
import type { Habits } from './habits.ts'
import type { Recorded } from './recorded.ts'
import type { Choices } from './truth.ts'

interface Modelled {
  readonly name: string
  readonly how: string
}

const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`
const share = (of: number) => `${Math.round(100 * of)} %`
const km = (distance: number) => `${distance.toFixed(1)} km`
const kmh = (speed: number) => `${speed.toFixed(1)} km/h`

export function modelledParts(
  { samples }: Recorded,
  habits: Habits,
  choices: Choices,
  thin_ms: number,
): readonly Modelled[] {
  const { approaches, rides } = samples
  return [
    {
      name: 'who accepts',
      how: `of those whom the product tells (free, fit, within ${km(limits.announce_radius_km)}, or ${km(habits.far_km)} where the one who took it came from beyond), in its order, the one as deep as he who took it in truth: the first of them for ${choices.firsts} of ${choices.known} bookings, ${share(choices.median)} down the order at the median, which also holds where nobody is known to have taken it; in truth runners race and choose`,
    },
    {
      name: 'when he accepts',
      how: `on the booking that he took in truth as long after hearing of it as then; else after his own median answer where ${limits.whatif_samples_min} or more are recorded, else that of all: ${(habits.response_ms / 1_000).toFixed(1)} s (of ${habits.answers} answers)`,
    },
    {
      name: 'bookings that wait',
      how: `where nobody can take it at once runners look again every ${minutes(limits.whatif_look_ms)} and when one becomes free, until its owner cancels`,
    },
    {
      name: 'bookings that nobody took',
      how: `of ${choices.passed} bookings: runners whom the product could tell of one in truth, and who let it pass, let it pass again; only others may take it, from no farther than ${km(habits.reach_km)} (the 95th percentile of recorded pickups; the announcement’s radius where they are few)`,
    },
    {
      name: 'the way to the pickup',
      how: `for the one who drove it in truth, from where he was, as long as then; else a straight line at ${kmh(habits.approach_kmh)}, which ${approaches.count} recorded ways come to, or the routing estimate where they come to nothing`,
    },
    {
      name: 'the ride',
      how: `as long as it was in truth, whoever drives; where it never was, by the route, or at ${kmh(habits.ride_kmh)} (of ${rides.count} rides)`,
    },
    {
      name: 'where runners are',
      how: `at their recorded positions (one in ${Math.round(thin_ms / 1_000)} s) until the model gives one another trip; then on its straight lines, and back to where he was recorded at the speed of the ways to pickups`,
    },
    {
      name: 'how positions came',
      how: 'all as over the socket, for their topic does not say it: one that was told over HTTP makes its runner be found for as long as the policy’s presence_socket_ms, not presence_http_ms',
    },
    {
      name: 'runners who give a booking up',
      how: 'do so with the bookings that they gave up in truth, as long after taking them, and with no others',
    },
    {
      name: 'what owners do',
      how: 'they book, pay and cancel at the recorded times whatever the price and the wait, and give whoever carries the animal the recorded stars',
    },
    {
      name: 'payments',
      how: 'succeed, but for those that failed in truth',
    },
    {
      name: 'bookings of before and after',
      how: 'keep the runners whom they held at the beginning until their recorded release; others outside the time are left out, and what was refused then is not in the log',
    },
  ]
}
