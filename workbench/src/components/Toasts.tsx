import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'

import { Badge } from './Badge.tsx'
import { IconButton } from './Button.tsx'
import { closeToast, toastStore, type Toast } from './toasts.ts'

const WORDS = { ok: 'Done', warn: 'Note', bad: 'Failed', busy: 'Working', noop: 'Note' }

export function Toasts() {
  const toasts = useSyncExternalStore(toastStore.watch, toastStore.snapshot)
  return (
    <div role="status" aria-live="polite" className="fixed right-4 bottom-4 z-50 flex w-96 max-w-[90vw] flex-col gap-2">
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

function ToastCard({ toast }: { toast: Toast }) {
  return (
    <div className="flex items-start gap-2 rounded-lg border bg-raised py-2 pr-1.5 pl-3 shadow-lg">
      <span className="pt-0.5">
        <Badge tone={toast.tone}>{WORDS[toast.tone]}</Badge>
      </span>
      <p className="min-w-0 flex-1 py-px break-words text-ink">
        {toast.text}{' '}
        {toast.href !== undefined && (
          <a href={toast.href} className="text-accent underline">
            Show
          </a>
        )}
      </p>
      <IconButton icon={X} label="Close" onClick={() => closeToast(toast.id)} />
    </div>
  )
}
