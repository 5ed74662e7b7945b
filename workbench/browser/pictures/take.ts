/** Takes the pictures of the documentation: `npm run pictures [-- --to <folder> --size <width>x<height>]`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { open, type Harness } from '../harness.ts'
import { CHECKOUT } from '../runtime.ts'
import { withPalette } from './palette.ts'
import { FILES, makeHistory } from './project.ts'
import { shots } from './shots.ts'

const LARGEST = 200_000

const { values } = parseArgs({
  options: {
    to: { type: 'string', default: join(CHECKOUT, 'docs', 'images', 'workbench') },
    size: { type: 'string', default: '1280x800' },
    only: { type: 'string' },
  },
})
const [width = 0, height = 0] = values.size.split('x').map(Number)

await mkdir(values.to, { recursive: true })
const workbench = await open({ files: FILES, size: { width, height } })
try {
  const failed = await makeHistory(workbench)
  for (const theme of ['light', 'dark'] as const) {
    await workbench.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const { name, arrange } of shots) {
      if (values.only !== undefined && values.only !== name) continue
      await arrange(workbench, failed)
      await take(workbench, join(values.to, `${name}-${theme}.png`))
    }
  }
  if (workbench.errors.length > 0) throw new Error(workbench.errors.join('\n'))
} finally {
  await workbench.close()
}

async function take({ page, root }: Harness, file: string): Promise<void> {
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
  await page.mouse.move(1, 1)
  await tellsNothing(root, file)
  const picture = withPalette(await page.screenshot({ animations: 'disabled', caret: 'hide' }))
  if (picture.length > LARGEST) throw new Error(`${file} has ${picture.length} bytes`)
  await writeFile(file, picture)
  console.log(`${file} ${Math.ceil(picture.length / 1000)} kB`)
}

/** A picture is for everybody: it shows nothing of the machine on which it was taken, nor the token. */
async function tellsNothing(root: string, file: string): Promise<void> {
  const shown = await workbench.page.evaluate(() => {
    const fields = [...document.querySelectorAll<HTMLInputElement>('input, textarea')].map(({ value }) => value)
    return [document.body.innerText, ...fields].join('\n')
  })
  const secrets = [root, CHECKOUT, tmpdir(), homedir(), hostname(), workbench.token]
  const told = secrets.filter((each) => each.length > 1 && shown.includes(each))
  if (told.length > 0) throw new Error(`${file} would show ${told.join(', ')}`)
}
