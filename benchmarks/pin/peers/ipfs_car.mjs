// npm ipfs-car as its README and its `pack` use it; a file is read in one piece, not in 64 KiB.
//   node ipfs_car.mjs file PATH             the CID of one file
//   node ipfs_car.mjs folders PATH CAR      one directory of bundles, into a CAR
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, readFile } from 'node:fs/promises'
import { Readable, Writable } from 'node:stream'
import { CarWriter } from '@ipld/car'
import { CAREncoderStream, createDirectoryEncoderStream, createFileEncoderStream } from 'ipfs-car'
import { CID } from 'multiformats/cid'
import { report } from './report.mjs'

const PLACEHOLDER = CID.parse('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi')

async function file (path) {
  const stream = () => Readable.toWeb(createReadStream(path, { highWaterMark: 2 ** 20 }))
  let root
  await createFileEncoderStream({ stream }).pipeTo(new WritableStream({
    write (block) {
      root = block.cid
    }
  }))
  return root
}

function whole (path) {
  return new ReadableStream({
    async pull (controller) {
      controller.enqueue(await readFile(path))
      controller.close()
    }
  })
}

async function folders (folder, car) {
  const files = []
  for (const token of await readdir(folder)) {
    for (const name of ['image', 'metadata.json']) {
      const path = `${folder}/${token}/${name}`
      files.push({ name: `${token}/${name}`, stream: () => whole(path) })
    }
  }
  const encoder = new CAREncoderStream([PLACEHOLDER])
  const out = Writable.toWeb(createWriteStream(car, { highWaterMark: 2 ** 20 }))
  await createDirectoryEncoderStream(files).pipeThrough(encoder).pipeTo(out)
  const root = encoder.finalBlock.cid
  const handle = await open(car, 'r+')
  await CarWriter.updateRootsInFile(handle, [root])
  await handle.sync()
  await handle.close()
  return root
}

await report({ file, folders })
