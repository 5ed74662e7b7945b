import './index.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { findToken } from './api/token.ts'
import { startLive } from './api/useLive.ts'
import { App } from './app/App.tsx'
import { loadScreen, screenOf } from './app/loadScreen.ts'
import { parseRoute } from './app/route.ts'
import { startRoutes } from './app/useRoute.ts'
import { startShortcuts } from './app/useShortcuts.ts'
import { startTheme } from './theme/theme.ts'

// Its code is needed in any case: it comes while the rest begins. Should it not, the stage asks again, and says so.
const first = screenOf(parseRoute(location.hash).screen)
if (first !== undefined) loadScreen(first).catch(() => undefined)

startTheme()
findToken()
startLive()
startShortcuts()
startRoutes()

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
