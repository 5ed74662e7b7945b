import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NodeError, Nodes } from '../src/nodes.js';
import { Project } from './project.js';

const MIB = 1024 * 1024;
const project = new Project();
project.write({ 'package.json': '{}' });
const nodes = new Nodes(project.root);
const NODE = 'steps/order.step.tsx';

function bundled(files: Record<string, string>, maxBytes = MIB): Promise<string> {
  project.write(files);
  return nodes.bundle(NODE, maxBytes);
}

/** What the module exports, as a page loads it that has a React whose elements are their own description. */
function loaded(code: string, expression: string): any {
  const page = `globalThis.__runtimeWorkbench = {
    'react': { FC: null, useState: (first) => [first] },
    'react/jsx-runtime': { jsx: (type, props) => ({ type, props }), jsxs: (type, props) => ({ type, props }), Fragment: 'fragment' },
    'motia/workbench': { EventNode: 'EventNode', BaseHandle: 'BaseHandle', Position: { Top: 'top' } },
  };
  const node = await import('./node.mjs');
  console.log(JSON.stringify(${expression}));`;
  writeFileSync(join(project.root, 'node.mjs'), code);
  const done = spawnSync(process.execPath, ['--input-type=module', '--eval', page], { cwd: project.root, encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

async function refused(files: Record<string, string>, maxBytes = MIB): Promise<string> {
  const error = await bundled(files, maxBytes).then(
    () => assert.fail('it was bundled'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof NodeError, String(error));
  return error.message;
}

test('a component draws with the React and the parts of the page', async () => {
  const code = await bundled({
    [NODE]: `import { EventNode, EventNodeProps } from 'motia/workbench'
import React from 'react'
export const Node: React.FC<EventNodeProps> = (props) => <EventNode {...props}><b>{props.data.name}</b></EventNode>
export default function () { return <i>{React.useState(7)[0]}</i> }`,
  });
  assert.deepEqual(loaded(code, "node.Node({ data: { name: 'Order' } })"), {
    type: 'EventNode',
    props: { data: { name: 'Order' }, children: { type: 'b', props: { children: 'Order' } } },
  });
  assert.deepEqual(loaded(code, 'node.default()'), { type: 'i', props: { children: 7 } });
});

test('what else it imports is in the module: files, packages, names of the tsconfig, images', async () => {
  const code = await bundled({
    'tsconfig.json': '{ "compilerOptions": { "jsx": "preserve", "paths": { "@/*": ["./shared/*"] } } }',
    'shared/colour.ts': 'export const colour: string = "red"',
    'steps/badge.jsx': 'export const Badge = () => "badge"',
    'node_modules/tones/package.json': '{ "name": "tones", "main": "main.js" }',
    'node_modules/tones/main.js': 'exports.tone = 440',
    'steps/icon.svg': '<svg/>',
    [NODE]: `import { colour } from '@/colour'
import { Badge } from './badge'
import { tone } from 'tones'
import icon from './icon.svg'
export default () => [colour, Badge(), tone, icon]`,
  });
  assert.deepEqual(loaded(code, 'node.default()'), ['red', 'badge', 440, 'data:image/svg+xml,<svg/>']);
});

test('a fault is told with its place', async () => {
  assert.match(await refused({ [NODE]: 'const é = 1; export default () => <b>' }), /^steps\/order\.step\.tsx:1:\d+: /);
  const missing = await refused({ [NODE]: "const é = '😀'; import './gone'" });
  assert.equal(missing, 'steps/order.step.tsx:1:23: Could not resolve "./gone"');
});

test('of many faults the first are told', async () => {
  const text = ['a', 'b', 'c', 'd', 'e'].map((name) => `import './${name}'`).join('\n');
  assert.match(await refused({ [NODE]: text }), /^(?:steps\/order\.step\.tsx:\d:8: .*\n){3}and 2 more$/);
});

test('style sheets are refused, and what to write instead is said', async () => {
  assert.match(await refused({ 'steps/a.css': '', [NODE]: "import './a.css'" }), /^steps\/order\.step\.tsx:1:8: "\.\/a\.css" is a style sheet.*style=\{\{/);
});

test('images and modules are bounded', async () => {
  const image = await refused({ 'steps/big.png': 'x'.repeat(129 * 1024), [NODE]: "import big from './big.png'; export default () => big" });
  assert.match(image, /steps\/big\.png has 132096 bytes; an image in a component has at most 131072/);
  const module = await refused({ [NODE]: `export default () => "${'x'.repeat(2000)}"` }, 1000);
  assert.match(module, /^steps\/order\.step\.tsx: the component has \d+ bytes with all that it imports, over the limit of 1000$/);
});

test('components may be bundled at the same time, and again', async () => {
  project.write({ [NODE]: 'export default () => 1' });
  const codes = await Promise.all([1, 2, 3].map(() => nodes.bundle(NODE, MIB)));
  assert.equal(new Set(codes).size, 1);
  assert.match(await bundled({ [NODE]: 'export default () => 2' }), /2/);
});
