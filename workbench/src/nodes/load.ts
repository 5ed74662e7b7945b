import { api } from '../api/client.ts'
import type { NodeComponent } from './components.tsx'
import { shareModules } from './shared.ts'
import { styleClassesOf } from './styles.ts'

export interface LoadedNode {
  text: string
  component: NodeComponent
}

const loaded = new Map<string, LoadedNode>()

/** The component of a custom node's file; the same one for as long as its text is the same. Throws what is wrong with it. */
export async function loadNode(file: string, signal?: AbortSignal): Promise<LoadedNode> {
  const text = await api.text('/node', { file }, signal)
  const known = loaded.get(file)
  if (known?.text === text) return known
  shareModules()
  await styleClassesOf(text)
  const node = { text, component: componentOf(await evaluated(text), file) }
  loaded.set(file, node)
  return node
}

async function evaluated(text: string): Promise<unknown> {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
  try {
    return await import(/* @vite-ignore */ url)
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** The component that a module exports, as `default` or as `Node`. */
export function componentOf(module: unknown, file: string): NodeComponent {
  const { default: whole, Node: named } = module as { default?: unknown; Node?: unknown }
  const component = [whole, named].find((each) => typeof each === 'function' || (typeof each === 'object' && each !== null && '$$typeof' in each))
  if (component === undefined) throw new Error(`${file} exports no component: export one as default, or as Node`)
  return component as NodeComponent
}
