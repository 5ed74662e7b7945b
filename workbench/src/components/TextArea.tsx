import type { ComponentPropsWithRef } from 'react'

import { classes } from './classes.ts'

interface TextAreaProps extends Omit<ComponentPropsWithRef<'textarea'>, 'onChange'> {
  onChange: (text: string) => void
}

/** Lines of plain text. */
export function TextArea({ onChange, className, ...rest }: TextAreaProps) {
  return (
    <textarea
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
      className={classes('w-full resize-none rounded-md border border-line-strong bg-surface p-2 font-mono text-sm', className)}
      {...rest}
    />
  )
}
