import { afterAll, beforeAll, expect, test } from 'vitest'
import { asyncApi } from '../../protocols/asyncapi.ts'
import { openApi } from './openapi.ts'
import { startHttp, type TestHttp } from './testing.ts'

let http: TestHttp
beforeAll(async () => {
  http = await startHttp([])
})
afterAll(() => http.stop())

const textOf = async (path: string) => {
  const response = await fetch(http.origin + path)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

test('OA7 the page and all that it loads come from this host', async () => {
  const page = await textOf('/docs')
  expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
  const loads = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
  expect(loads.filter((path) => !path.startsWith('/docs/') && path !== 'data:,')).toEqual([])
  for (const path of loads.filter((each) => each.startsWith('/')))
    expect((await textOf(path)).status, path).toBe(200)
  expect((await textOf('/docs/swagger-ui-bundle.js')).text.length).toBeGreaterThan(100_000)
  expect((await textOf('/docs/start.js')).text).toContain("url: '/docs/openapi.json'")
})

test('OA7 the page may load nothing from elsewhere and runs no inline script', async () => {
  const policy = (await fetch(`${http.origin}/docs`)).headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("connect-src 'self'")
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval/)
})

test('OA7 both documents are served as they are committed', async () => {
  expect((await http.call('GET', '/docs/openapi.json')).body).toEqual(JSON.parse(JSON.stringify(openApi())))
  expect((await http.call('GET', '/docs/asyncapi.json')).body).toEqual(JSON.parse(JSON.stringify(asyncApi())))
})
