"""docs/media.md names every outcome, with the words of its docstring"""

import ast
import inspect
import itertools
import re
from pathlib import Path

from pfpkit.media import MediaOutcome, outcomes

PAGE = Path(__file__).parents[2] / "docs" / "media.md"


def documented():
    """Each outcome of the page, with what it says about it."""
    return dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE))


def described():
    """Each outcome of the code, with the string below it."""
    (body,) = (
        node.body
        for node in ast.parse(inspect.getsource(outcomes)).body
        if isinstance(node, ast.ClassDef) and node.name == "MediaOutcome"
    )
    return {
        one.value.value: words.value.value
        for one, words in itertools.pairwise(body)
        if isinstance(one, ast.Assign)
    }


def test_page__of_outcomes__has_each_with_the_words_of_the_code():
    """An outcome that is added or changed is so on the page as well."""
    assert documented() == described()
    assert set(documented()) == set(MediaOutcome)
