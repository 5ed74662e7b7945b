import type { LucideIcon } from 'lucide-react'
import type { ComponentPropsWithRef, ReactNode } from 'react'

import { classes } from './classes.ts'

type Look = 'primary' | 'plain' | 'quiet' | 'danger'

const LOOKS: Record<Look, string> = {
  primary: 'bg-fill text-on-fill border-transparent hover:bg-fill-hover',
  plain: 'bg-raised text-ink border-line-strong/60 hover:bg-hover',
  quiet: 'bg-transparent text-muted border-transparent hover:bg-hover hover:text-ink',
  danger: 'bg-danger-fill text-on-fill border-transparent hover:bg-danger-fill-hover',
}

const SHAPE =
  'inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none ' +
  'transition-colors disabled:opacity-50 disabled:pointer-events-none aria-disabled:opacity-50'

interface ButtonProps extends ComponentPropsWithRef<'button'> {
  look?: Look
  icon?: LucideIcon
  /** Shows that what it began goes on; it cannot be pressed again meanwhile. */
  isBusy?: boolean
  children: ReactNode
}

export function Button({ look = 'plain', icon: Icon, isBusy = false, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      disabled={isBusy}
      aria-busy={isBusy}
      className={classes(SHAPE, LOOKS[look], 'h-7 px-2.5 text-sm', className)}
      {...rest}
    >
      {Icon && <Icon size={14} aria-hidden className={classes(isBusy && 'shimmer')} />}
      {children}
    </button>
  )
}

interface IconButtonProps extends ComponentPropsWithRef<'button'> {
  icon: LucideIcon
  /** What it does: read out, and shown as a tooltip. */
  label: string
  look?: Look
}

export function IconButton({ icon: Icon, label, look = 'quiet', className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classes(SHAPE, LOOKS[look], 'size-7 shrink-0', className)}
      {...rest}
    >
      <Icon size={15} aria-hidden />
    </button>
  )
}
