import { defineConfig } from 'vitest/config'

/** Tests in a browser, against a runtime; each file has both for itself, so that two files can run side by side. */
export default defineConfig({
  test: {
    include: ['browser/**/*.browser.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
  },
})
