declare module 'motia/workbench' {
  // @ts-ignore: without the types of React there is nothing that could draw, and these are any.
  import type { FunctionComponent, CSSProperties, ReactNode } from 'react';

  /** A side of a node. */
  export type Position = 'left' | 'top' | 'right' | 'bottom';
  export const Position: { readonly Left: 'left'; readonly Top: 'top'; readonly Right: 'right'; readonly Bottom: 'bottom' };

  /** A topic that a step emits. */
  export interface NodeEmit {
    topic: string;
    label: string;
    conditional: boolean;
  }

  /** The step that a node draws. */
  export interface BaseNodeData {
    name: string;
    type: 'api' | 'event' | 'cron' | 'noop' | 'state' | 'stream';
    description: string;
    language: string;
    /** Relative to the project. */
    file: string;
    flows: readonly string[];
    emits: readonly NodeEmit[];
    virtualEmits: readonly NodeEmit[];
    /** Topics that the step takes events of. */
    subscribes?: readonly string[];
    virtualSubscribes?: readonly string[];
    /** Of the first request that the step answers. */
    method?: string;
    path?: string;
    /** Of the first schedule of the step. */
    cron?: string;
  }

  /** The step of an event node. */
  export interface EventNodeData extends BaseNodeData {
    subscribes: readonly string[];
  }

  /** The step of an api node. */
  export interface ApiNodeData extends BaseNodeData {
    method: string;
    path: string;
  }

  /** The step of a cron node. */
  export interface CronNodeData extends BaseNodeData {
    cron: string;
  }

  interface NodeProps<Data extends BaseNodeData> {
    data: Data;
    /** Drawn inside of the node, in place of its description. */
    children?: ReactNode;
  }

  export interface EventNodeProps extends NodeProps<EventNodeData> {}
  export interface ApiNodeProps extends NodeProps<ApiNodeData> {}
  export interface CronNodeProps extends NodeProps<CronNodeData> {}
  export interface NoopNodeProps extends NodeProps<BaseNodeData> {}

  export interface BaseNodeProps extends NodeProps<BaseNodeData> {
    /** The step's name when absent. */
    title?: ReactNode;
    subtitle?: ReactNode;
    className?: string;
    style?: CSSProperties;
    disableSourceHandle?: boolean;
    disableTargetHandle?: boolean;
  }

  export interface BaseHandleProps {
    type: 'source' | 'target';
    position: Position;
    id?: string;
    isConnectable?: boolean;
    className?: string;
    style?: CSSProperties;
  }

  /** A node of its step's kind: name, description, places where connections attach. */
  export const EventNode: FunctionComponent<EventNodeProps>;
  export const ApiNode: FunctionComponent<ApiNodeProps>;
  export const CronNode: FunctionComponent<CronNodeProps>;
  export const NoopNode: FunctionComponent<NoopNodeProps>;
  /** The node that the others are made of. */
  export const BaseNode: FunctionComponent<BaseNodeProps>;
  /** A place where connections attach; the drawing needs one for what comes in and one for what goes out. */
  export const BaseHandle: FunctionComponent<BaseHandleProps>;
}
