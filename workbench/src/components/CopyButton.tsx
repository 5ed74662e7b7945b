import { Check, Copy, type LucideIcon } from 'lucide-react'
import { useEffect, useState } from 'react'

import { IconButton } from './Button.tsx'
import { toast } from './toasts.ts'

const SHOWN = 1500

interface CopyButtonProps {
  text: string | (() => string)
  label?: string
  icon?: LucideIcon
}

/** Copies a text; `label` says which, such as "Copy the trace id". */
export function CopyButton({ text, label = 'Copy', icon = Copy }: CopyButtonProps) {
  const [isCopied, setIsCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return undefined
    const timer = setTimeout(() => setIsCopied(false), SHOWN)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
      setIsCopied(true)
    } catch {
      toast('bad', 'The browser did not let the Workbench copy. Open it by localhost or over HTTPS.')
    }
  }
  return <IconButton icon={isCopied ? Check : icon} label={isCopied ? 'Copied' : label} onClick={() => void copy()} />
}
