import { Handle, Position } from '@xyflow/react'
import type { ComponentType, CSSProperties, ReactNode } from 'react'

import { LanguageMark } from '../components/Badge.tsx'
import { classes } from '../components/classes.ts'
import { languageOf } from '../format/language.ts'
import { lookOf } from '../screens/flow/kinds.ts'
import { Numbers } from '../screens/flow/Numbers.tsx'
import { runs } from '../screens/flow/sizes.ts'
import { useTheme } from '../theme/theme.ts'
import type { NodeData } from './data.ts'

/*
 * What custom nodes import from `motia/workbench`. Sizes of text and corners are numbers here: within custom nodes
 * their names mean what Tailwind says, not what the Workbench says.
 */

export interface BaseNodeProps {
  data: NodeData
  title?: ReactNode
  subtitle?: ReactNode
  className?: string
  style?: CSSProperties
  disableSourceHandle?: boolean
  disableTargetHandle?: boolean
  /** In place of the description. */
  children?: ReactNode
}

export function BaseNode({ data, title, subtitle, className, style, disableSourceHandle = false, disableTargetHandle = false, children }: BaseNodeProps) {
  const { icon: Icon, tone } = lookOf(data.type)
  const theme = useTheme()
  return (
    <div
      className={classes('flow-card min-w-[200px] max-w-[360px]', data.type === 'noop' && 'border-dashed', className)}
      style={{ colorScheme: theme, ...style }}
    >
      {!disableTargetHandle && <BaseHandle type="target" position={Position.Top} />}
      <div className="flex items-center gap-2 px-2 py-1.5">
        <span className={classes('flex size-5 shrink-0 items-center justify-center rounded-[4px]', tone)}>
          <Icon size={13} aria-hidden />
        </span>
        <span className="min-w-0 flex-1">
          <span className="block truncate text-[13px] leading-[20px] font-semibold">{title ?? data.name}</span>
          {subtitle && <span className="block truncate text-[12px] leading-[16px] text-muted">{subtitle}</span>}
        </span>
        {runs(data) && <LanguageMark language={languageOf(data.file, data.language)} />}
      </div>
      {children || data.description ? (
        <div className="px-2 pb-2 text-[12px] leading-[18px]">{children ?? <span className="text-muted">{data.description}</span>}</div>
      ) : null}
      {runs(data) && <Numbers name={data.name} />}
      {!disableSourceHandle && <BaseHandle type="source" position={Position.Bottom} />}
    </div>
  )
}

type KindNodeProps = Pick<BaseNodeProps, 'data' | 'children'>

export function EventNode({ data, children }: KindNodeProps) {
  return <BaseNode data={data} subtitle={data.subscribes.join(', ')}>{children}</BaseNode>
}

export function ApiNode({ data, children }: KindNodeProps) {
  return <BaseNode data={data} subtitle={[data.method, data.path].filter(Boolean).join(' ')}>{children}</BaseNode>
}

export function CronNode({ data, children }: KindNodeProps) {
  return <BaseNode data={data} subtitle={data.cron}>{children}</BaseNode>
}

export function NoopNode({ data, children }: KindNodeProps) {
  return <BaseNode data={data}>{children}</BaseNode>
}

interface BaseHandleProps {
  type: 'source' | 'target'
  position: Position
  id?: string
  className?: string
  style?: CSSProperties
}

/** A place where edges attach. Nothing can be connected by hand: what is connected the configs say. */
export function BaseHandle({ type, position, id, className, style }: BaseHandleProps) {
  return (
    <Handle type={type} position={position} id={id ?? null} isConnectable={false} className={classes('is-shown', className)} style={style ?? {}} />
  )
}

export type NodeComponent = ComponentType<{ data: NodeData }>

export { Position }
