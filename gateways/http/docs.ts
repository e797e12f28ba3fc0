/** The documents, and the page that shows them: Swagger UI out of its package, with nothing fetched from elsewhere. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { asyncApi } from '../../protocols/asyncapi.ts'
import { openApi } from './openapi.ts'
import type { Headers } from './origins.ts'
import { bare, plain, type Reply } from './reply.ts'
import type { PublicEndpoint } from './request.ts'

/** Styles alone may stand inline: Swagger UI sets some on its elements. */
const policy: Headers = [
  [
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
]
const kept: Headers = [['Cache-Control', 'public, max-age=3600']]

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Kilat Dispatch</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`
/** Without a validator badge, which would be fetched from elsewhere. */
const start = `SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
})
`

const require = createRequire(import.meta.url)
const folder = dirname(require.resolve('swagger-ui-dist/package.json'))

/** Calls `make` once, when it is first needed. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** A file of the package, read at its first use and then kept. */
const packaged = (name: string, content_type: string): (() => Promise<Reply>) =>
  once(async () => plain(await readFile(join(folder, name)), content_type, kept))

const open_api = once(openApi)
const async_api = once(asyncApi)
const script = packaged('swagger-ui-bundle.js', 'text/javascript; charset=utf-8')
const style = packaged('swagger-ui.css', 'text/css; charset=utf-8')

export const docsEndpoints = {
  docsPage: async () => plain(page, 'text/html; charset=utf-8', policy),
  docsStart: async () => plain(start, 'text/javascript; charset=utf-8', kept),
  docsScript: () => script(),
  docsStyle: () => style(),
  openApi: async () => bare(open_api()),
  asyncApi: async () => bare(async_api()),
} satisfies Record<string, PublicEndpoint>
