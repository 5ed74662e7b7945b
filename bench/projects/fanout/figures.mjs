export * from '../flows/figures.mjs'
