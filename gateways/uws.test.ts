import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { App, candidates, loadUws, type Uws, us_listen_socket_close, us_socket_local_port } from './uws.ts'

test('HT40 the build that was picked listens', async () => {
  const port = await new Promise<number>((resolve) => {
    App().listen('127.0.0.1', 0, (socket) => {
      resolve(socket ? us_socket_local_port(socket) : 0)
      if (socket) us_listen_socket_close(socket)
    })
  })
  expect(port).toBeGreaterThan(0)
})

test('HT41 the official build is tried first, and the old-glibc build only where it has a binary', () => {
  expect(candidates(115)).toEqual([
    'uWebSockets.js',
    '@trufflesuite/uws-js-unofficial',
    '@btc-vision/uwebsockets.js',
  ])
  expect(candidates(137)).toEqual(['uWebSockets.js', '@btc-vision/uwebsockets.js'])
})

test('HT42 the JavaScript imitation is refused by name, and every reason is told', () => {
  const imitation = createRequire(import.meta.url)('@trufflesuite/uws-js-unofficial/dist/index.js') as Uws
  expect(() =>
    loadUws(['absent-build', 'imitation'], (name) => {
      if (name === 'imitation') return imitation
      throw new Error('Cannot find module')
    }),
  ).toThrow(/absent-build: Cannot find module[\s\S]*imitation fell back to JavaScript/)
})
