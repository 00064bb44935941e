// Minting one's own picture. What is minted is the digest that this page has computed from the bytes
// that it has seen: a server that pins something else is noticed before the wallet is asked.
import { mintData, mintedIn, same } from './abi.js'
import { authorise } from './authorise.js'
import { bundleOf, fileOf, hex } from './cid.js'
import { connectWallet, forgetWallet } from './connect.js'
import { busy, page, post, say } from './service.js'
import { doStep } from './steps.js'

const place = document.getElementById('mint')
const draftForm = document.getElementById('draft')
const preview = document.getElementById('preview')
const comparison = document.getElementById('compare')
const make = document.getElementById('make')
const steps = document.getElementById('steps')
const { contract, minter, chain } = place?.dataset ?? {}
let ready = null

if (place) {
  draftForm.elements.image.addEventListener('change', () => showImage(draftForm.elements.image.files[0]))
  draftForm.addEventListener('input', () => {
    showWords()
    // What was compared was compared for other words, or another picture.
    ready = null
    comparison.hidden = make.hidden = true
  })
  draftForm.addEventListener('submit', (event) => {
    event.preventDefault()
    busy(draftForm.querySelector('button'), document.getElementById('draft-said'), compute)
  })
  const button = document.getElementById('make-it')
  button.addEventListener('click', () => busy(button, document.getElementById('make-said'), mint))
}

function showImage (blob) {
  if (preview.src) URL.revokeObjectURL(preview.src)
  const portrait = preview.closest('.portrait')
  preview.hidden = !blob
  portrait.querySelector('.blank').hidden = Boolean(blob)
  portrait.dataset.shape = blob ? 'hexagon' : 'placeholder'
  if (blob) preview.src = URL.createObjectURL(blob)
  else preview.removeAttribute('src')
  preview.alt = blob ? 'Your picture, as it will be shown' : ''
}

function showWords () {
  const { name, description } = draftForm.elements
  document.getElementById('preview-name').textContent = name.value || 'Your picture'
  document.getElementById('preview-description').textContent = description.value || 'What you write is seen here.'
}

async function compute () {
  const said = document.getElementById('draft-said')
  say(said, '')
  const { name, description, image } = draftForm.elements
  const file = image.files[0]
  if (file.size > Number(place.dataset.maxBytes)) throw new Error(`The file has ${file.size.toLocaleString('en')} bytes, which is too many.`)
  const form = new FormData()
  form.append('name', name.value)
  form.append('description', description.value)
  form.append('image', file)
  const draft = await post('/mint/draft', form)
  const [bytes, metadata] = await Promise.all([bytesOf(draft.image.url), bytesOf(draft.metadata.url)])
  const fields = { name: name.value.trim(), description: description.value.trim() }
  const ours = await bundleOf(bytes, fields)
  showImage(new Blob([bytes], { type: draft.image.media_type }))
  await showRemoved(draft, file)
  const rows = [
    ['image', ours.image.cid, draft.image.cid],
    ['metadata.json', ours.metadata.cid, draft.metadata.cid],
    ['bundle', ours.root.cid, draft.bundle_cid]
  ]
  const equal = rows.every(([, mine, theirs]) => mine === theirs) &&
    hex(ours.root.digest) === draft.digest && (await fileOf(metadata)).cid === ours.metadata.cid
  showRows(rows)
  comparison.hidden = false
  const verdict = document.getElementById('compare-said')
  if (!equal) {
    make.hidden = true
    return say(verdict, 'They differ. The server would pin something else than this page has seen; nothing is minted.', 'bad')
  }
  ready = { draft, digest: ours.root.digest, token: null }
  make.hidden = false
  say(verdict, `Equal in every digit, of ${bytes.length.toLocaleString('en')} bytes of picture and ${ours.metadataBytes.length} of metadata.`, 'good')
  comparison.scrollIntoView({ block: 'nearest' })
}

async function showRemoved (draft, file) {
  const removed = document.getElementById('removed')
  removed.hidden = !draft.removed.length
  if (!draft.removed.length) return
  const given = await fileOf(new Uint8Array(await file.arrayBuffer()))
  removed.textContent = `Not everything in your file is picture, and what is pinned stays for ever. Left out: ${draft.removed.join('; ')}. Your file was ${given.cid}.`
}

async function bytesOf (url) {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`The service did not give back ${url} (${response.status}). Try again.`)
  return new Uint8Array(await response.arrayBuffer())
}

function showRows (rows) {
  const table = document.querySelector('.cids')
  table.replaceChildren(...rows.map(([name, ours, theirs]) => {
    const group = document.createElement('dl')
    group.className = 'facts'
    group.dataset.equal = String(ours === theirs)
    for (const [title, cid] of [[name, null], ['this browser', ours], ['the server', theirs]]) {
      const term = document.createElement(cid === null ? 'dt' : 'dd')
      if (cid === null) term.textContent = title
      else term.append(labelled(title, cid))
      group.append(term)
    }
    return group
  }))
}

function labelled (title, cid) {
  const line = document.createDocumentFragment()
  const label = document.createElement('span')
  label.className = 'soft small'
  label.textContent = title
  const code = document.createElement('code')
  code.textContent = cid
  line.append(label, code)
  return line
}

async function mint () {
  steps.replaceChildren()
  try {
    const wallet = await doStep(steps, 'Connect the minter', connectMinter)
    // Once it is minted, only the signature is tried again: a second token is not wanted.
    ready.token ??= await pinAndMint(wallet)
    await doStep(steps, 'Use it as your picture', async (tell) => {
      tell(`Look into ${wallet.name}: it shows what you sign.`)
      await authorise(wallet, 'picture', '/wallet/picture', { token: `${contract}/${ready.token}` })
      return ['The chain was asked, every byte was hashed.']
    })
    location.assign(`/u/${page.user}`)
  } catch (error) {
    forgetWallet()
    // The step that failed says why.
    if (!error.told) throw error
  }
}

async function connectMinter () {
  const wallet = await connectWallet()
  if (!same(wallet.account, minter)) {
    throw new Error(`${wallet.name} uses ${wallet.account}, and only the contract's minter mints: ${minter}.`)
  }
  await wallet.useChain(Number(chain), page.chain.name)
  return [`${wallet.name}, ${wallet.account}`, wallet]
}

async function pinAndMint (wallet) {
  const { draft, digest } = ready
  await doStep(steps, 'Pin, and read back', async () => {
    const pinned = await post('/mint/pin', { draft: draft.draft, to: wallet.account })
    return [`On ${pinned.pinned.join(', ')}; came back through ${pinned.read_back.join(', ')}, hashed.`]
  })
  return doStep(steps, 'Mint', (tell) => sendMint(wallet, digest, tell))
}

async function sendMint (wallet, digest, tell) {
  tell(`Look into ${wallet.name}: it asks you to mint.`)
  const hash = await wallet.send(contract, mintData(wallet.account, digest))
  tell('Sent. Waiting for a block to take it.')
  const receipt = await wallet.receipt(hash)
  const token = mintedIn(receipt, contract, wallet.account)
  if (token === null) throw new Error(`The transaction ${hash} minted no token of ${contract}.`)
  return [`Token ${token}, in block ${Number(receipt.blockNumber)}.`, token]
}
