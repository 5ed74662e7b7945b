import { useCallback, useState } from 'react'

import { useLiveUpdates } from '../api/queries.ts'
import { Toasts } from '../components/Toasts.tsx'
import { screens } from '../screens/registry.ts'
import { nextTheme } from '../theme/theme.ts'
import { ClearTraces } from './ClearTraces.tsx'
import { Header } from './Header.tsx'
import { screenOf } from './loadScreen.ts'
import { Navigation } from './Navigation.tsx'
import { Palette } from './palette/Palette.tsx'
import { places } from './places.ts'
import { ProblemsDialog } from './Problems.tsx'
import { ShortcutHelp } from './ShortcutHelp.tsx'
import { Stage } from './Stage.tsx'
import { navigate, useRoute } from './useRoute.ts'
import { useShortcuts } from './useShortcuts.ts'

type Window = 'palette' | 'help' | 'problems' | 'clear' | null

/** What is around every screen. */
export function Shell() {
  const [open, setOpen] = useState<Window>(null)
  const { screen: name } = useRoute()
  const screen = screenOf(name)
  const close = (): void => setOpen(null)
  const clearTraces = useCallback(() => setOpen('clear'), [])
  useLiveUpdates()
  useShortcuts([
    { keys: 'mod+k', title: 'Find anything', group: 'Everywhere', run: () => setOpen(open === 'palette' ? null : 'palette') },
    { keys: '?', title: 'Show all shortcuts', group: 'Everywhere', run: () => setOpen('help') },
    { keys: 'g !', title: 'Problems of the project', group: 'Go to', run: () => setOpen('problems') },
    { keys: 'mod+.', title: 'Change the theme', group: 'Everywhere', run: nextTheme },
    ...screens.map(({ name, title, key }) => ({
      keys: `g ${key}`,
      title,
      group: 'Go to',
      run: () => navigate(places.screen(name)),
    })),
  ])
  return (
    <div className="grid h-full grid-cols-[auto_minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)]">
      <a href="#stage" onClick={skip} className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-2">
        Skip to the content
      </a>
      <Header openPalette={() => setOpen('palette')} openProblems={() => setOpen('problems')} openHelp={() => setOpen('help')} />
      <Navigation current={screen?.name ?? ''} />
      <main id="stage" tabIndex={-1} className="min-h-0 min-w-0 bg-surface outline-none">
        {screen && <Stage screen={screen} />}
      </main>
      {open === 'palette' && <Palette onClose={close} clearTraces={clearTraces} />}
      {open === 'clear' && <ClearTraces onClose={close} />}
      {open === 'help' && <ShortcutHelp onClose={close} />}
      {open === 'problems' && <ProblemsDialog onClose={close} />}
      <Toasts />
    </div>
  )
}

/** The hash is where the page is, so that a plain link to the stage would lead elsewhere. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault()
  document.getElementById('stage')?.focus()
}
