// The first page: everybody's picture follows the chain.
import { follow } from './picture.js'

const names = Array.from(document.querySelectorAll('[data-picture-of]'), (portrait) => portrait.dataset.pictureOf)
if (names.length) follow(names)
