// Without this file `motia start` writes one with its plugins, and installs those.
import { defineConfig } from '@motiadev/core'

export default defineConfig({ plugins: [] })
