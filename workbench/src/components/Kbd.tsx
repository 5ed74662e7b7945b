const IS_APPLE = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)
const SIGNS: Record<string, string> = {
  'mod+': IS_APPLE ? '⌘' : 'Ctrl ',
  esc: 'Esc',
  enter: '↵',
  up: '↑',
  down: '↓',
}

/** The keys of a shortcut, such as `g t` or `mod+k`. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-1">
      {keys.split(' ').map((key, at) => (
        <kbd
          key={at}
          className="inline-flex h-[18px] min-w-[18px] items-center justify-center rounded-sm border bg-sunken px-1 font-sans text-xs text-muted"
        >
          {textOf(key)}
        </kbd>
      ))}
    </span>
  )
}

function textOf(key: string): string {
  const [modifier, name] = key.startsWith('mod+') ? ['mod+', key.slice(4)] : ['', key]
  const text = SIGNS[name] ?? (modifier === '' ? name : name.toUpperCase())
  return `${SIGNS[modifier] ?? ''}${text}`
}
