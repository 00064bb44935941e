"""Pin a collection and read every bundle back."""

import click

from pfpkit.cid import CID
from pfpkit.collection import Collection
from pfpkit.console import Progress, facts
from pfpkit.errors import BadInput
from pfpkit.publication import publish
from pfpkit.workspace import Workspace


async def pin(work: Workspace, gateways: tuple[str, ...] = ()) -> None:
    work.pins()  # a record that cannot be read is refused before anything is pinned
    collection = work.collection()
    _refuse_copies(collection)
    for entry in collection:
        for removed in entry.removed:
            click.echo(f"  {entry.image_path.name}: removed {removed}")
    bundles = [(entry.key, entry) for entry in collection]
    progress = Progress("pinned and read back", len(bundles))
    done, new = [], 0
    with work.routes(gateways) as routes:
        made = ((key, entry.bundle()) for key, entry in bundles)
        async for published in publish(made, [work.embedded], routes):
            done.append(published.entry)
            new += published.new
            progress(len(done))
        # Only now: a run that failed leaves the record as it was, and finds its pins again.
        work.record(done, routes)
        names = ", ".join(route.name for route in routes)
    own = work.pinned("collection")
    rows = [
        ("collection", f"{collection.itself.metadata.name}, {len(collection)} tokens"),
        ("bundle", own.bundle),
        ("pinned", f"{new} bundles new, {len(done) - new} were there"),
        ("read back", f"{len(done)} bundles and {len(done)} images through: {names}"),
    ]
    click.echo(facts(rows))


def _refuse_copies(collection: Collection) -> None:
    """BadInput when two tokens would be minted with one bundle."""
    seen: dict[CID, str] = {}
    for entry in collection.tokens:
        if entry.root in seen:
            raise BadInput(
                f"tokens {seen[entry.root]} and {entry.key} are the same picture with the same "
                "words; change one of them or take it out"
            )
        seen[entry.root] = entry.key
