import { expect, test } from 'vitest'
import { overloaded, reject } from '../../protocols/rejections.ts'
import { problem, rejectedFrame } from './problem.ts'

const instance = '/api/v1/bookings/11111111-1111-4111-8111-111111111111/accept'

test('HT2 a refusal is one body, envelope and problem at once, and the same on a socket', () => {
  const lost = reject('booking.lost_race', 'another runner was first')
  const body = {
    success: false,
    error: 'The booking was taken by another runner',
    detail: 'another runner was first',
    type: 'urn:kilat:problem:booking.lost_race',
    title: 'The booking was taken by another runner',
    status: 409,
    code: 'booking.lost_race',
    instance,
  }
  expect(problem(lost, instance)).toEqual(body)
  expect(rejectedFrame(lost, instance)).toEqual({ type: 'rejected', problem: body })
})

test('HT3 a full queue says when to come again', () => {
  expect(problem(overloaded('256 commands wait', 250), instance)).toMatchObject({
    status: 503,
    code: 'overloaded',
    retry_after_ms: 250,
  })
})
