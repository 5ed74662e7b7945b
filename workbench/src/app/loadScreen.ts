import type { ComponentType } from 'react'

import { screens, type Screen } from '../screens/registry.ts'

/** The screens whose code is there, by their names. */
export const loaded = new Map<string, ComponentType>()

/** The screen of this name; without such a one the first. */
export function screenOf(name: string): Screen | undefined {
  return screens.find((each) => each.name === name) ?? screens[0]
}

/** Has the code of a screen come. Throws when it does not. */
export async function loadScreen({ name, load }: Screen): Promise<void> {
  loaded.set(name, (await load()).default)
}
