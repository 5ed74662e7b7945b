import { expect, test } from 'vitest'

import { filesOf, screensOf } from '../build/firstScreen.mjs'

const manifest = {
  'index.html': { file: 'assets/index.js', css: ['assets/index.css'], imports: ['_react.js'], dynamicImports: ['src/screens/flow/index.tsx'] },
  '_react.js': { file: 'assets/react.js' },
  'src/screens/flow/index.tsx': { file: 'assets/flow.js', imports: ['index.html', '_graph.js'] },
  '_graph.js': { file: 'assets/graph.js', imports: ['_graph.js'] },
  'src/components/code/jsonEditor.ts': { file: 'assets/editor.js' },
}

test('a screen needs what it imports, and nothing that comes later', () => {
  expect(screensOf(manifest)).toEqual(['src/screens/flow/index.tsx'])
  expect(filesOf(manifest, ['index.html', 'src/screens/flow/index.tsx'])).toEqual([
    'assets/flow.js',
    'assets/graph.js',
    'assets/index.css',
    'assets/index.js',
    'assets/react.js',
  ])
})

test('what is not in the build is no empty screen', () => {
  expect(() => filesOf(manifest, ['src/screens/gone/index.tsx'])).toThrow('gone')
})
