// The few pages that people see: no scripts, nothing from elsewhere, every text escaped.

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem}label,input,button{display:block;width:100%;box-sizing:border-box}input{margin:.2rem 0 1rem;padding:.5rem;font:inherit}button{margin:.5rem 0;padding:.6rem;font:inherit}.problem{color:#b00020}'

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)

/** A whole document. The lines are text; `html` is not escaped, and ours. */
export const page = (
  title: string,
  lines: readonly string[],
  { html = '' }: { html?: string } = {},
): string => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body><h1>${escaped(title)}</h1>${lines.map((line) => `<p>${escaped(line)}</p>`).join('')}${html}</body></html>`

interface Form {
  readonly uid: string
  /** Proves that the form was ours. */
  readonly csrf: string
}

const form = ({ uid, csrf }: Form, fields: string): string =>
  `<form method="post" action="/interaction/${escaped(uid)}"><input type="hidden" name="csrf" value="${escaped(csrf)}">${fields}<button name="action" value="abort" formnovalidate>Cancel</button></form>`

export const loginPage = (of: Form, email = '', problem = ''): string =>
  page('Log in to Kilat', [], {
    html: `${problem === '' ? '' : `<p class="problem" role="alert">${escaped(problem)}</p>`}${form(
      of,
      `<label>Email<input name="email" type="email" autocomplete="username" required maxlength="254" value="${escaped(email)}"></label><label>Password<input name="password" type="password" autocomplete="current-password" required maxlength="256"></label><button name="action" value="login">Log in</button>`,
    )}`,
  })

export const consentPage = (of: Form, client: string, scopes: readonly string[]): string =>
  page(`${client} asks for access`, [], {
    html: `<ul>${scopes.map((scope) => `<li>${escaped(scope)}</li>`).join('')}</ul>${form(
      of,
      '<button name="action" value="consent">Allow</button>',
    )}`,
  })

/** Headers of every page: no frames, no scripts, never kept. A form may lead to the client's own address, so `form-action` stays open. */
export const page_headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'Cache-Control': 'no-store',
}
