// npm ipfs-unixfs-importer, the reference UnixFS importer, with its fastest documented options.
//   node importer.mjs file PATH             the CID of one file
//   node importer.mjs folders PATH CAR      one directory of bundles, into a CAR
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CarWriter } from '@ipld/car'
import { BlackHoleBlockstore } from 'blockstore-core/black-hole'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { report } from './report.mjs'

const PLACEHOLDER = CID.parse('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi')
const OPTIONS = { profile: 'unixfs-v1-2025', fileImportConcurrency: 50, blockWriteConcurrency: 50 }

async function last (entries) {
  let root
  for await (const entry of entries) {
    root = entry
  }
  return root.cid
}

// The stream's pieces are the chunks, so that none is put together again.
async function file (path) {
  const content = createReadStream(path, { highWaterMark: 2 ** 20 })
  return await last(importer([{ path: 'file', content }], new BlackHoleBlockstore(), OPTIONS))
}

async function * bundles (folder) {
  for (const token of await readdir(folder)) {
    for (const name of ['image', 'metadata.json']) {
      const path = `${folder}/${token}/${name}`
      yield { path: `${token}/${name}`, content: (async function * () { yield await readFile(path) })() }
    }
  }
}

class CarStore extends BlackHoleBlockstore {
  constructor (writer) {
    super()
    this.writer = writer
  }

  async put (cid, bytes) {
    await this.writer.put({ cid, bytes })
    return cid
  }
}

async function folders (folder, car) {
  const { writer, out } = CarWriter.create([PLACEHOLDER])
  const written = pipeline(Readable.from(out), createWriteStream(car, { highWaterMark: 2 ** 20 }))
  const options = { ...OPTIONS, wrapWithDirectory: true }
  const root = await last(importer(bundles(folder), new CarStore(writer), options))
  await writer.close()
  await written
  const handle = await open(car, 'r+')
  await CarWriter.updateRootsInFile(handle, [root])
  await handle.sync()
  await handle.close()
  return root
}

await report({ file, folders })
