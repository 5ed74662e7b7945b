import { defineConfig } from 'vitest/config'

/** Tests in a browser, against a runtime; one file after the other, since each has both for itself. */
export default defineConfig({
  test: {
    include: ['browser/**/*.browser.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    fileParallelism: false,
  },
})
