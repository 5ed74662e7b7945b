import * as React from 'react'
import * as jsxRuntime from 'react/jsx-runtime'
import * as ReactDom from 'react-dom'

import { ApiNode, BaseHandle, BaseNode, CronNode, EventNode, NoopNode, Position } from './components.tsx'

declare global {
  var __runtimeWorkbench: Record<string, unknown> | undefined
}

/** Puts what custom nodes import where their bundles look for it, so that they share React with the page. */
export function shareModules(): void {
  globalThis.__runtimeWorkbench = {
    react: React,
    'react/jsx-runtime': jsxRuntime,
    'react-dom': ReactDom,
    'motia/workbench': { ApiNode, BaseHandle, BaseNode, CronNode, EventNode, NoopNode, Position },
  }
}
