import { X } from 'lucide-react'
import { useId, useLayoutEffect, useRef, useState, type ReactNode } from 'react'

import { explain } from '../api/error.ts'
import { Button, IconButton } from './Button.tsx'
import { classes } from './classes.ts'

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
  /** Buttons at the bottom. */
  actions?: ReactNode
  isWide?: boolean
}

/** A window over the page, as long as it is rendered; the browser keeps the focus inside and closes it by Esc. */
export function Dialog({ title, onClose, children, actions, isWide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Closed while it is still in the page: only so the focus goes back to where it was.
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    // The browser would go to the button that closes it.
    shown?.querySelector<HTMLElement>('[data-first]')?.focus()
    return () => shown?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
      className={classes(
        'm-auto max-h-[85vh] max-w-[92vw] rounded-lg border bg-raised p-0 text-ink shadow-xl backdrop:bg-shade open:flex open:flex-col',
        isWide ? 'w-[880px]' : 'w-[480px]',
      )}
    >
      <header className="flex shrink-0 items-center justify-between border-b py-2 pr-2 pl-4">
        <h2 id={titleId} className="text-lg font-semibold">
          {title}
        </h2>
        <IconButton icon={X} label="Close" onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1 overflow-auto p-4">{children}</div>
      {actions && <footer className="flex shrink-0 justify-end gap-2 border-t px-4 py-3">{actions}</footer>}
    </dialog>
  )
}

interface ConfirmDialogProps {
  title: string
  /** What will happen, and whether it can be undone. */
  children: ReactNode
  /** What the button says: the deed itself, such as "Delete 3 traces". */
  deed: string
  isDangerous?: boolean
  onConfirm: () => Promise<unknown>
  onClose: () => void
}

/** Asks before something happens, and shows why it did not. */
export function ConfirmDialog({ title, children, deed, isDangerous = true, onConfirm, onClose }: ConfirmDialogProps) {
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState('')
  const confirm = async (): Promise<void> => {
    setIsBusy(true)
    setError('')
    try {
      await onConfirm()
      onClose()
    } catch (failure) {
      setError(explain(failure))
      setIsBusy(false)
    }
  }
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look={isDangerous ? 'danger' : 'primary'} isBusy={isBusy} onClick={() => void confirm()}>
        {deed}
      </Button>
    </>
  )
  return (
    <Dialog title={title} onClose={onClose} actions={actions}>
      {children}
      {error !== '' && (
        <p role="alert" className="mt-3 text-bad">
          {error}
        </p>
      )}
    </Dialog>
  )
}
