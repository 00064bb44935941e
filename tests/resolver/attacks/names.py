"""Names that look like others: of tokens and people, of schemes, contents, hosts, files and fields.

The honest one is there each time: `holder.eth` and the token that it names are shown. What only
looks like it is refused, and no lookalike is ever asked for in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from resolver.attacks.attack import Attack, Name, Scene, attack
from support.read_path import LINK
from support.shelves import PICTURE, shelf_of

from pfpkit.media import MediaOutcome
from pfpkit.proof import StepError

AT_NAME = "name"
NO_REFERENCE, NO_AVATAR = "BadReference", "NoAvatar"

PEOPLE = {
    "Cyrillic o": ("h\u043elder.eth", NO_REFERENCE),
    "Greek omicron": ("h\u03bflder.eth", NO_REFERENCE),
    "zero-width joiner": ("hol\u200dder.eth", NO_REFERENCE),
    "right-to-left override": ("holder\u202e.eth", NO_REFERENCE),
    "combining dot": ("ho\u0323lder.eth\u0323", NO_REFERENCE),
    "ideographic full stop": ("holder\u3002eth.x", NO_REFERENCE),
    "Cyrillic eth": ("holder.\u0435th", NO_REFERENCE),
    "punycode": ("xn--hlder-jxe.eth", NO_REFERENCE),
    "blank": ("holder .eth", NO_REFERENCE),
    "underscore": ("hol_der.eth", NO_REFERENCE),
    "line end": ("holder.eth\n", NO_REFERENCE),
    "one for l": ("ho1der.eth", NO_AVATAR),
    "capital i for l": ("hoIder.eth", NO_AVATAR),
    "all of it Cyrillic": ("\u0441\u043e\u0441\u0430.eth", NO_REFERENCE),
}
"""What somebody types for `holder.eth`, and the error. A real name of another is another's."""

REFERENCES = {
    "Cyrillic e": ("eip155", "\u0435ip155"),
    "Cyrillic c": ("erc721", "er\u0441721"),
    "Cyrillic x": ("0x", "0\u0445"),
    "full-width digit": ("/1", "/\uff11"),
    "Arabic digit": ("/1", "/\u0661"),
    "fraction slash": ("/1", "\u20441"),
    "full-width colon": ("155:", "155\uff1a"),
    "soft hyphen": ("erc721:", "erc\u00ad721:"),
    "right-to-left mark": ("eip155", "\u200feip155"),
    "capital letters": ("eip155", "EIP155"),
}
"""What is written otherwise in the reference of the holder's token."""

LINKS = {
    "Cyrillic p in the scheme": ("ipfs:", "i\u0440fs:", StepError.BAD_URI),
    "dotless i in the scheme": ("ipfs:", "\u0131pfs:", StepError.BAD_URI),
    "long s in the scheme": ("ipfs:", "ipf\u017f:", StepError.BAD_URI),
    "zero-width space before the scheme": ("ipfs:", "\u200bipfs:", StepError.BAD_URI),
    "Cyrillic a in the CID": ("bafk", "b\u0430fk", StepError.BAD_CID),
    "full-width CID": ("bafk", "\uff42\uff41\uff46\uff4b", StepError.BAD_CID),
    "capital letters in the CID": ("bafk", "BAFK", StepError.BAD_CID),
    "zero-width space in the CID": ("bafk", "ba\u200bfk", StepError.BAD_CID),
}
"""What is written otherwise in the link to the picture."""

HOSTS = {
    "circled letters": "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:P/",
    "Cyrillic o": "http://l\u043ecalhost:P/",
    "soft hyphen": "http://local\u00adhost:P/",
    "full-width": "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54:P/",
    "long s": "http://localho\u017ft:P/",
}
"""`localhost`, to who reads it in Unicode's compatible forms."""


def typed(text: str, scene: Scene) -> Name:
    """A name, where the honest one is registered."""
    assert scene.path.honest
    return Name(text)


def referred(right: str, wrong: str, scene: Scene) -> Name:
    """The holder's token, with a part written otherwise."""
    reference = str(scene.path.honest)
    assert right in reference
    return Name(wrong.join(reference.rsplit(right, 1)))


def named(make: Callable[[str], str], scene: Scene) -> Name:
    """What an avatar record says of the honest token."""
    record = make(str(scene.path.honest))
    name = f"attacker-{next(scene.path.numbers)}.eth"
    scene.path.register(name, record)
    return Name(name)


def people() -> Iterator[Attack]:
    """Names of people and references of tokens; records of people that name tokens so."""
    for name, (text, error) in PEOPLE.items():
        yield attack(f"person: {name}", partial(typed, text), AT_NAME, error)
    # ENSIP-15 leaves it out: that is the name itself.
    itself = partial(typed, "holder\u200b.eth")
    yield attack("person: zero-width space", itself, "media", MediaOutcome.SHOWN)
    for name, (right, wrong) in REFERENCES.items():
        arrange = partial(referred, right, wrong)
        yield attack(f"reference: {name}", arrange, AT_NAME, NO_REFERENCE)
    cyrillic = partial(named, lambda ref: ref.replace("erc721", "er\u0441721"))
    yield attack("record: Cyrillic c", cyrillic, AT_NAME, NO_REFERENCE)
    other = partial(named, lambda ref: ref.replace("eip155:31337", "eip155:1"))
    yield attack("record: of another chain", other, "chain", "wrong-chain")


def linked(right: str, wrong: str, scene: Scene) -> str:
    """Metadata whose picture is named so."""
    assert right in LINK
    return scene.inline(LINK.replace(right, wrong))


def links() -> Iterator[Attack]:
    """Links to the picture, and where they stand."""
    for name, (right, wrong, error) in LINKS.items():
        yield attack(f"link: {name}", partial(linked, right, wrong), "image link", error)
    field = lambda scene: scene.file(b'{"\xd1\x96mage":"%s"}' % LINK.encode())  # noqa: E731
    yield attack("field: Cyrillic i", field, "metadata", StepError.BAD_METADATA)
    for name, entry in {
        "Cyrillic a": "met\u0430data.json",
        "full-width": "\uff4detadata.json",
        "another form of Unicode": "me\u0301tadata.json",
        "capital letter": "Metadata.json",
        "escaped twice": "%2565tadata.json",
    }.items():
        arrange = partial(beside, entry)
        yield attack(f"file: {name}", arrange, "metadata", StepError.NOT_FOUND)
    for name, url in HOSTS.items():
        arrange = partial(on_host, url)
        yield attack(f"host: {name}", arrange, "metadata", StepError.WEB_ERROR)
    yield attack("name: of terminal codes", told, "media", MediaOutcome.SHOWN)


def beside(entry: str, scene: Scene) -> str:
    """A URI for a file that only looks like the one that is there."""
    shelf = shelf_of({"image": PICTURE, "metadata.json": b'{"image":"%s"}' % LINK.encode()})
    scene.blocks.update(shelf.blocks)
    return f"ipfs://{shelf.root}/{entry}"


def on_host(url: str, scene: Scene) -> str:
    """A token URI on a host that some readers take for this machine."""
    return url.replace(":P", f":{scene.path.victim.port}")


def told(scene: Scene) -> str:
    """Metadata whose name would write on a terminal, and turn what follows around."""
    return scene.metadata(name="\x1b]0;owned\x07\u202egnp.pip\n" * 50)


CASES = [*people(), *links()]
