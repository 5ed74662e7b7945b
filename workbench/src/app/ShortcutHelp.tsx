import { Dialog } from '../components/Dialog.tsx'
import { Kbd } from '../components/Kbd.tsx'
import { useAllShortcuts } from './useShortcuts.ts'

/** All keys that do something on this screen. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const groups = Map.groupBy(useAllShortcuts(), ({ group }) => group)
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose} isWide>
      <div className="columns-2 gap-8">
        {[...groups].map(([group, shortcuts]) => (
          <section key={group} className="mb-5 break-inside-avoid">
            <h3 className="mb-1 text-sm font-semibold text-muted">{group}</h3>
            <dl>
              {shortcuts.map(({ keys, title }) => (
                <div key={keys} className="flex items-center justify-between border-b py-1">
                  <dt>{title}</dt>
                  <dd>
                    <Kbd keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
