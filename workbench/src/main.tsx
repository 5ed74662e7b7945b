import './index.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { findToken } from './api/token.ts'
import { startLive } from './api/useLive.ts'
import { App } from './app/App.tsx'
import { startRoutes } from './app/useRoute.ts'
import { startShortcuts } from './app/useShortcuts.ts'
import { startTheme } from './theme/theme.ts'

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
