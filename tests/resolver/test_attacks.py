"""The corpus of attacks, each over the whole read path: chain, gateways, servers, workers

given an attack, it ends at its step with its word, and is not verified; what is shown is made anew
given its time and memory, in this process and in the worker, it keeps to them
given an address that only this machine can reach, nobody connects to it
given an honest token beside or after it, that is shown
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from resolver.attacks import (
    addresses,
    contracts,
    dags,
    drawings,
    metadata,
    names,
    pictures,
    transport,
)
from resolver.attacks.attack import attack
from support.pictures import SCRIPT, encoded, noise
from support.read_path import BOUNDS, LINK, Name, ReadPath, Scene
from support.web_server import page, until

from pfpkit.media import MediaOutcome
from pfpkit.media.header import read_header
from pfpkit.proof import StepError
from pfpkit.resolver import Verdict

FAMILIES = {
    "addresses": addresses.CASES,
    "transport": transport.CASES,
    "contracts": contracts.CASES,
    "names": names.CASES,
    "metadata": metadata.CASES,
    "dags": dags.CASES,
    "pictures": pictures.CASES,
    "drawings": drawings.CASES,
}
WITHIN_S, CPU_S = 15.0, 5.0
"""Several times what any takes: other tests run beside."""
MEMORY = 96 * 2**20
"""Three times the largest picture, which is held twice while it is on its way to a worker."""
AT_REST = 100 * 2**20
"""Bytes of a worker that has decoded nothing large."""
HONEST = encoded(noise(), "PNG")
PAYLOADS = (SCRIPT, b"<html", b"alert(", b"PK\3\4", b"<!ENTITY", b"javascript:")


@pytest.fixture(scope="module")
def path():
    """The whole path, for all of them."""
    with ReadPath(addresses.rebinding) as running:
        yield running


def complaints(end):
    """What did not end as it has to."""
    attack, found = end.attack, end.found
    if end.step != attack.step or end.word not in attack.words:
        yield f"ended at {end.step} with {end.word}: {end.reason}"
    shown = end.word == MediaOutcome.SHOWN
    if found is not None and found.verified is not shown:
        yield f"is {found.verdict}"
    if found is not None and not shown and found.verdict is Verdict.UNVERIFIABLE:
        yield "may be shown as unverifiable"
    if not end.reason.isprintable() or len(end.reason) > 2000:
        yield "its reason is not one short line"
    if end.took_s > WITHIN_S or end.cpu_s > CPU_S:
        yield f"took {end.took_s:.1f} s, {end.cpu_s:.1f} s of them the processor's"
    if end.peak_bytes > MEMORY:
        yield f"took {end.peak_bytes:,} bytes of memory"
    if found is not None:
        yield from of_media(end, found.rendered, shown)


def of_media(end, rendered, shown):
    """What is wrong with what the worker made, or with what it took."""
    if shown and end.found.proof.picture != end.scene.shows:
        yield "other bytes are shown than were minted"
    if rendered is None:
        return
    if bool(rendered.renditions) is not shown:
        yield "has squares and is not shown, or is shown and has none"
    for one in rendered.renditions:
        if read_header(one.data) != (one.media_type, one.edge, one.edge):
            yield "a square is no picture of its size"
        if any(payload in one.data for payload in PAYLOADS):
            yield "a square has in it what it was to be made without"
    cost = rendered.cost
    # A worker without a cost was ended by the kernel, at these very limits.
    if cost and (cost.cpu_s > BOUNDS.cpu_s + 1 or cost.peak_bytes > BOUNDS.memory_bytes):
        yield f"took of a worker {cost}"


def wrong(path, ends):
    """Every complaint, with its attack's name; and nobody came to a victim."""
    found = [f"{end.attack.name}: {complaint}" for end in ends for complaint in complaints(end)]
    met = [place for place in path.forbidden if place[0] != addresses.PUBLIC]
    return found, met, path.victim.connections + path.victim6.connections


@pytest.mark.parametrize("family", ["addresses", "transport", "names"])
def test_resolve__of_attacks_at_once__each_ends_as_it_has_to(path, family):
    """Dozens at a time, so that what one of them does to another would be seen."""
    assert wrong(path, path.walked(FAMILIES[family])) == ([], [], 0)


@pytest.mark.parametrize("family", ["contracts", "metadata", "dags"])
def test_resolve__of_content_that_attacks__ends_as_it_has_to(path, family):
    """One after another, each within its time and memory."""
    assert wrong(path, map(path.walked_alone, FAMILIES[family])) == ([], [], 0)


def test_resolve__of_a_hostile_picture__ends_as_it_has_to(path):
    """Bombs, cut files, files in disguise; a worker stays small, and harms no picture after it."""
    ends = [*alone(path, pictures.CASES, 48)]
    assert wrong(path, ends) == ([], [], 0)
    costs = [end.found.rendered.cost for end in ends if end.found.rendered.cost]
    assert max(cost.peak_bytes for cost in costs) < AT_REST


def test_resolve__of_a_hostile_drawing__ends_as_it_has_to(path):
    """Scripts, entities, references outside, bombs; 400 pixels are what a drawing can abuse."""
    assert wrong(path, alone(path, drawings.CASES, 400)) == ([], [], 0)


def alone(path, attacks, edge):
    """How each ends, and an honest picture after it by the same worker is shown."""
    for one in attacks:
        yield path.walked_alone(one, edge)
        assert path.rendered(HONEST, edge).shown, f"{one.name} harmed an honest picture"


def test_resolve_many__of_all_contracts_in_one_question__costs_no_other_token_its_answer(path):
    """Between every two that attack stands an honest one, which is shown as it is alone."""
    scene = Scene(path)
    refs = [one for case in contracts.CASES for one in (case.arrange(scene), path.honest)]
    found = path.resolved(refs)
    assert {one.verdict for one in found[1::2]} == {"verified"}
    assert not any(one.verified for one in found[::2])


def test_path__when_nothing_attacks__is_shown(path):
    """By its reference and by its name; so every other end is the attack's."""
    wanted = ("media", MediaOutcome.SHOWN)
    honest = [
        attack("on the chain", lambda scene: scene.inline(LINK), *wanted),
        attack("on a gateway", lambda scene: scene.metadata(), *wanted),
        attack("by reference", lambda scene: Name(str(scene.path.honest)), *wanted),
        attack("by name", lambda scene: scene.path.honest and Name("holder.eth"), *wanted),
    ]
    assert wrong(path, path.walked(honest)) == ([], [], 0)
    page_ = attack("on a server", lambda s: s.page(page(b'{"image":"%s"}' % LINK.encode())), "", "")
    (end,) = path.walked([page_])
    assert (end.step, end.word) == ("media", "unverifiable")


def test_path__when_an_attack_succeeds__is_noticed(path, monkeypatch):
    """A reader that may ask the victim, and an end that is another than was said."""
    victim = path.victim
    monkeypatch.setattr(path, "allowed", [*path.allowed, f"127.0.0.1:{victim.port}"])
    reached = attack("victim", lambda scene: scene.victim, "metadata", StepError.WEB_ERROR)
    _, met, connections = wrong(path, path.walked([reached]))
    assert met == [("127.0.0.1", victim.port)]
    assert until(lambda: victim.connections == connections == 1)
    path.connects.made.clear()
    victim.connections = 0
    shown = attack("shown", lambda scene: scene.inline(LINK), "metadata", StepError.WEB_ERROR)
    assert wrong(path, path.walked([shown]))[0] == ["shown: ended at media with shown: "]
    other = attack("other", minted_otherwise, "media", MediaOutcome.SHOWN)
    said = ["other: other bytes are shown than were minted"]
    assert wrong(path, path.walked([other]))[0] == said


def minted_otherwise(scene):
    """An honest token, of which the scene says that other bytes were minted."""
    scene.shows = b""
    return scene.inline(LINK)


def test_corpus__when_counted__has_every_family_with_names_of_their_own():
    """As many as docs/attacks.md says, of each."""
    text = Path("docs/attacks.md").read_text()
    told = dict(re.findall(r"^\| \[`(\w+)`\]\S+ \| ([0-9]+) \|", text, re.MULTILINE))
    assert told == {family: str(len(cases)) for family, cases in FAMILIES.items()}
    for family, cases in FAMILIES.items():
        assert len({one.name for one in cases}) == len(cases), family
    refused = [one for cases in FAMILIES.values() for one in cases if "shown" not in one.words]
    assert len(refused) >= 80
