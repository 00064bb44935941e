"""docs/resolve.md names every verdict and every error of a step, with the words of the code"""

import ast
import inspect
import itertools
import re
from pathlib import Path

import pytest

from pfpkit import errors, proof
from pfpkit.errors import PfpkitError, StoreDamaged, TooLarge
from pfpkit.proof import StepError
from pfpkit.receipt import Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "resolve.md").read_text()


def described(module, name):
    """Each value of an enumeration, with the string below it."""
    (body,) = (
        node.body
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    return {
        one.value.value: words.value.value
        for one, words in itertools.pairwise(body)
        if isinstance(one, ast.Assign)
    }


def test_page__of_errors__has_each_with_the_words_of_the_code():
    """An error that is added or changed is so on the page as well."""
    part = PAGE.partition("## Errors")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", part, re.MULTILINE)) == described(
        proof, "StepError"
    )


def test_page__of_verdicts__has_each():
    """In its order."""
    part = PAGE.partition("## Verdicts")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([^`]+)`", part, re.MULTILINE) == list(Verdict)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (TooLarge(), StepError.TOO_LARGE),
        (errors.BadCar(), StepError.OTHER),
        (StoreDamaged(), StepError.OTHER),
        (PfpkitError(), StepError.OTHER),
    ],
)
def test_step_error__of_an_error__is_the_nearest_word(error, word):
    """Errors that no walk should meet have the word for anything else."""
    assert StepError.of(error) is word
