import { useReactFlow, useStore } from '@xyflow/react'
import { useEffect } from 'react'

import type { Point } from './layout.ts'

/** So many pixels are to be around a node. */
const MARGIN = 8
/** In a graph that is seen smaller than so, what is brought into sight becomes readable. */
const READABLE = 0.6

/** Brings the node that the keys have gone to into sight, when it is not wholly there, or lies under the map or a tool. */
export function useInSight(current: string | null, places: ReadonlyMap<string, Point>, centres: ReadonlyMap<string, Point>): void {
  const flow = useReactFlow()
  const width = useStore((store) => store.width)
  const height = useStore((store) => store.height)
  useEffect(() => {
    const [corner, centre] = current === null ? [] : [places.get(current), centres.get(current)]
    const view = document.querySelector('.flow .react-flow')
    if (corner === undefined || centre === undefined || view === null || width === 0) return
    const end = { x: 2 * centre.x - corner.x, y: 2 * centre.y - corner.y }
    const box = boxOf(flow.flowToScreenPosition(corner), flow.flowToScreenPosition(end))
    const over = [...view.querySelectorAll('.react-flow__minimap, .flow-tools')].map((each) => each.getBoundingClientRect())
    const isIn = isWithin(box, view.getBoundingClientRect()) && !over.some((each) => isOver(box, each))
    if (!isIn) void flow.setCenter(centre.x, centre.y, { zoom: Math.max(flow.getZoom(), READABLE), duration: 0 })
  }, [current, places, centres, width, height, flow])
}

type Box = Pick<DOMRect, 'left' | 'top' | 'right' | 'bottom'>

function boxOf(corner: Point, end: Point): Box {
  return { left: corner.x - MARGIN, top: corner.y - MARGIN, right: end.x + MARGIN, bottom: end.y + MARGIN }
}

function isWithin(one: Box, other: Box): boolean {
  return one.left >= other.left && one.top >= other.top && one.right <= other.right && one.bottom <= other.bottom
}

function isOver(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}
