import { defineConfig } from 'vitest/config'

// biome-ignore lint/style/noDefaultExport: The runner reads its configuration from the default export.
export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', 'dist/**', '.kilat/**'],
    // Compiled programs and nats-server first, then a database to copy.
    globalSetup: ['kilat.mjs', 'persistence/testing.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
  },
})
