"""A collection's words from one table: the same tokens as from a file each

given a CSV, JSON Lines or a template, every token has the CID that its file would give
given faults, one report names file, line and column of every one
given a change, only the rows that changed are read again
"""

import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.folders import write_collection
from support.pictures import encoded, noise

from pfpkit import tokenfiles
from pfpkit.collection import Collection
from pfpkit.errors import BadInput, BadMetadata
from pfpkit.metadata import Attribute, TokenMetadata
from pfpkit.tokentable import scan


@pytest.fixture
def folder(tmp_path):
    """A collection of five tokens whose words are still to be written."""
    made = write_collection(tmp_path / "metadata", 5)
    for path in (made / "tokens").iterdir():
        path.unlink()
    (made / "tokens").rmdir()
    return made


def problems(folder):
    """The lines of the one error that reading raises, without the folder's name."""
    with pytest.raises(BadInput) as caught:
        Collection.read(folder)
    _, *lines = str(caught.value).replace(f"{folder}/", "").split("\n  ")
    return lines


TOKENS = {
    1: {"name": "Pip", "attributes": [{"trait_type": "Hat", "value": "None, at all"}]},
    2: {
        "name": 'The "Great" Pip',
        "description": "one\ntwo",
        "attributes": [
            {"trait_type": "Hat", "value": "=1+1"},
            {"trait_type": "Level", "value": 3, "display_type": "number", "max_value": 12},
        ],
    },
    3: {"name": "Pïp 🦊", "background_color": "a0b1c2"},
    4: {"name": "Pip 4"},
    5: {"name": "Pip 5", "attributes": [{"trait_type": "Level", "value": 0.5}]},
}
TOKENS[5]["attributes"][0]["display_type"] = "number"
CSV = (
    "token,name,trait:Hat,number:Level,description,max:Level,background_color\r\n"
    '2,"The ""Great"" Pip",=1+1,3,"one\r\ntwo",12,\r\n'
    '1,Pip,"None, at all",,,,\r\n'
    "3,Pïp 🦊,,,,,a0b1c2\r\n"
    ",,,,,,\r\n"
    "\r\n"
    "5,Pip 5,,0.5,,,\r\n"
    "4,Pip 4,,,,,"
)
JSONL = "".join(json.dumps({"token": n if n % 2 else str(n), **TOKENS[n]}) + "\n" for n in TOKENS)


def write_files(folder):
    (folder / "tokens").mkdir()
    for number, fields in TOKENS.items():
        (folder / f"tokens/{number}.json").write_text(json.dumps(fields))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tokens.csv", CSV.encode()),
        ("tokens.csv", b"\xef\xbb\xbf" + CSV.replace("\r\n", "\n").encode()),
        ("tokens.csv", CSV.encode() + b"\r\n,,,,,,\r\n"),
        ("tokens.jsonl", JSONL.encode()),
        ("tokens.jsonl", b"\xef\xbb\xbf" + JSONL.strip().replace("\n", "\r\n\n").encode()),
    ],
)
def test_read__when_the_words_are_in_a_table__gives_the_cids_of_files(folder, name, data):
    """In any order of rows, with or without a mark at the start, with any line ends."""
    write_files(folder)
    wanted = [(entry.key, entry.root, entry.metadata) for entry in Collection.read(folder)]
    for path in (folder / "tokens").iterdir():
        path.unlink()
    (folder / name).write_bytes(data)
    collection = Collection.read(folder)
    assert [(entry.key, entry.root, entry.metadata) for entry in collection] == wanted
    assert collection.tokens[1].bundle().root == collection.tokens[1].root


def test_read__when_there_is_a_template__names_every_picture(folder):
    """Images alone; each has the CID that a file of its own would give."""
    (folder / "tokens.json").write_text('{"name": "Face #{token}", "description": "One of 5."}')
    from_template = [entry.root for entry in Collection.read(folder)]
    (folder / "tokens.json").unlink()
    (folder / "tokens").mkdir()
    for number in TOKENS:
        words = {"name": f"Face #{number}", "description": "One of 5."}
        (folder / f"tokens/{number}.json").write_text(json.dumps(words))
    assert [entry.root for entry in Collection.read(folder)] == from_template


TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12) | st.text(
    st.sampled_from(' ,;"=+-@\t0aé🦊'), min_size=1, max_size=12
)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9).map(lambda x: round(x, 3))


def right(make, *arguments, **fields):
    """What `make` gives, or None when it refuses."""
    try:
        return make(*arguments, **fields)
    except BadMetadata:
        return None


def attribute(trait, kind, value, limit):
    if kind == "trait":
        return right(Attribute, str(value), trait)
    if isinstance(value, str):
        return None
    display = None if kind == "numeric" else kind
    return right(Attribute, value, trait, display, limit)


ATTRIBUTES = st.lists(
    st.builds(
        attribute,
        st.sampled_from(["Hat", "Eyes", "a,b", "Größe"]),
        st.sampled_from(["trait", "numeric", "number", "boost_percentage", "date"]),
        TEXTS | NUMBERS,
        st.none() | NUMBERS,
    ).filter(bool),
    unique_by=lambda a: a.trait_type,
    max_size=4,
)
DESCRIPTIONS = st.none() | st.tuples(TEXTS, TEXTS).map("\n".join).filter(
    lambda text: right(TokenMetadata, "Pip", text) is not None
)
METADATA = st.builds(
    lambda name, text, attributes: right(TokenMetadata, name, text, tuple(attributes)),
    TEXTS,
    DESCRIPTIONS,
    ATTRIBUTES,
).filter(bool)


def column_of(a):
    """The column of an attribute, and its two cells."""
    kind = "trait" if isinstance(a.value, str) else a.display_type or "numeric"
    limit = "" if a.max_value is None else json.dumps(a.max_value)
    value = a.value if isinstance(a.value, str) else json.dumps(a.value)
    return f"{kind}:{a.trait_type}", value, f"max:{a.trait_type}", limit


@settings(deadline=None, max_examples=60)
@given(
    METADATA, st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
)
def test_scan__when_the_words_are_the_same__so_are_the_bytes(tmp_path_factory, said, end, quoting):
    """From a token file, JSON Lines and CSV: whatever can be said, and however it is quoted."""
    fields = json.loads(said.encode("ipfs://x"))
    del fields["image"]
    wanted = TokenMetadata.parse(json.dumps(fields)).encode("ipfs://x")
    columns = {"name": said.name, "token": "12"}
    if said.description is not None:
        columns["description"] = said.description
    for each in said.attributes:
        name, value, bound, limit = column_of(each)
        columns[name] = value
        if limit:
            columns[bound] = limit
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerows([columns.keys(), columns.values()])
    folder = tmp_path_factory.mktemp("tables")
    (folder / "tokens.csv").write_bytes(text.getvalue().encode())
    (folder / "tokens.jsonl").write_text(json.dumps({"token": 12, **fields}))
    for name in ("tokens.csv", "tokens.jsonl"):
        found = []
        rows, whole = scan(folder / name, found)
        assert (found, whole, list(rows)) == ([], True, [12])
        assert rows[12].metadata("12", rows[12].read()).encode("ipfs://x") == wanted


def test_read__when_a_table_has_many_faults__names_line_and_column_of_each(folder):
    """Beside those of pictures, in one report."""
    (folder / "images/4.png").write_bytes(b"hello")
    (folder / "tokens.csv").write_text(
        "token,name,trait:Hat,number:Level\n"
        '1,,#N/A,"two"\n'
        "\n"
        '2,"over\ntwo lines",x\n'
        "x,Pip,,\n"
        "4,Pip\x07,,\n"
        "3,Pip,,1\n"
        "3,Pip,,2\n"
        "9,Pip,,\n"
    )
    assert sorted(problems(folder)) == sorted(
        [
            "tokens.csv line 2, column 'name': it is empty; give the token a name",
            "tokens.csv line 2, column 'trait:Hat': #N/A is what a formula that failed leaves; "
            "mend it",
            "tokens.csv line 2, column 'number:Level': 'two' is no number such as 7 or -0.5; "
            "write it so, or name the column trait:",
            "tokens.csv line 4: 3 cells, and the header has 4; is one missing?",
            "tokens.csv line 6, column 'token': 'x' is no token number, such as 7",
            "tokens.csv line 7, column 'name': 'name' has the control character U+0007; "
            "take it out",
            "tokens.csv line 9: token 3 is at line 8 too; keep one of them",
            "tokens.csv line 10: token 9 has no picture; add images/9.png (or .jpg, .gif, .webp)",
            "images/5.png: has no row in tokens.csv; add one",
            "images/4.png: a text; export it as PNG, JPEG, GIF or WebP",
        ]
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"token;name\n1;Pip\n", "tokens.csv line 1: its columns are divided by ';'"),
        (b"token\tname\n1\tPip\n", "tokens.csv line 1: its columns are divided by '\\t'"),
        (b"", "tokens.csv: has no header; its first line names the columns: token,name"),
        ("token,name\n1,Pip\n".encode("utf-16"), "tokens.csv: is UTF-16; save it as UTF-8"),
        (
            "token,name\n1,Pip\n2,Zoë\n".encode("cp1252"),
            "tokens.csv line 3: not UTF-8 at byte 5; save it as UTF-8 (in a spreadsheet, as",
        ),
        (b"name,Hat\nPip,x\n", "tokens.csv line 1: column 'Hat' is not one that pfpkit knows"),
        (b"token,name\r1,Pip\r", "tokens.csv line 1: a line ends with CR alone"),
        (b"token,name\n" + b"x" * 200_000, "tokens.csv line 2: is too long"),
    ],
)
def test_read__when_a_table_cannot_be_told_apart__says_what_to_do(folder, data, words):
    """As spreadsheets save it; that no picture has a row is not said as well."""
    (folder / "tokens.csv").write_bytes(data)
    found = problems(folder)
    assert found[0].startswith(words)
    assert not any("has no row" in line for line in found)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ('2,"Pip,x', "a quote is opened in this row and never closed"),
        ('2,"Pip" x,y', 'text follows a closing quote; double ("") a quote that is meant'),
    ],
)
def test_read__when_a_quote_is_wrong__names_the_row_where_it_is(folder, broken, words):
    """A quote that never ends swallows every row below it."""
    rest = "\n".join(f"{n},Pip {n},z" for n in range(3, 20_000))
    (folder / "tokens.csv").write_text(f"token,name,trait:Hat\n1,Pip,x\n{broken}\n{rest}\n")
    (first, *_) = problems(folder)
    assert first.startswith(f"tokens.csv line 3: {words}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"token": 2, "name": "Pip"', "tokens.jsonl line 2: not JSON at line 2 column 27"),
        ('{"name": "Pip"}', "tokens.jsonl line 2: has no 'token'; write {\"token\": 7, ...}"),
        ("[1]", "tokens.jsonl line 2: has no 'token'"),
        ('{"token": 2.0, "name": "x"}', "tokens.jsonl line 2: 'token': '2.0' is no token number"),
        ('{"token": true, "name": "x"}', "tokens.jsonl line 2: 'token': 'True' is no token number"),
        ('{"token": 2, "name": 5}', "tokens.jsonl line 2: 'name' is a number, and has to be text"),
        ('{"token": 2, "token": 3, "name": "x"}', "tokens.jsonl line 2: 'token' is there twice"),
        ("[" * 60_000, "tokens.jsonl line 2: nested too deep at line 2"),
        ('{"token": 2, "nam": "x"}', "tokens.jsonl line 2: 'nam' is not a field that pfpkit knows"),
    ],
)
def test_read__when_a_json_line_is_wrong__names_it(folder, line, words):
    """With the line of the file, wherever the parser stood."""
    rest = "".join(f'{{"token": {n}, "name": "Pip {n}"}}\n' for n in (3, 4, 5))
    (folder / "tokens.jsonl").write_text(f'{{"token": 1, "name": "Pip"}}\n{line}\n{rest}')
    found = [each for each in problems(folder) if "has no row" not in each]
    assert len([each for each in found if each.startswith(words)]) == 1, found


def test_read__when_the_template_is_wrong__says_so_once(folder):
    """Not for each of ten thousand pictures."""
    (folder / "tokens.json").write_text('{"name": "Face"}')
    (line,) = problems(folder)
    assert line.startswith("tokens.json: 'name' has no {token}")


def test_read__when_there_are_several_sources__names_them(folder):
    """Nobody can tell which of them is meant; an empty folder is none."""
    (folder / "tokens").mkdir()
    (folder / "tokens/.gitkeep").touch()
    (folder / "tokens.csv").write_text("token,name\n" + "".join(f"{n},P {n}\n" for n in TOKENS))
    assert len(Collection.read(folder)) == 5
    (folder / "tokens.json").write_text('{"name": "Face #{token}"}')
    what = "tokens come from one of them; take out the rest"
    assert problems(folder) == [f"tokens.csv and tokens.json: {what}"]
    (folder / "tokens/1.json").write_text('{"name": "Pip"}')
    assert problems(folder) == [f"tokens/ and tokens.csv and tokens.json: {what}"]


@pytest.fixture
def indexed(folder, monkeypatch):
    """Read with an index, as if the files had been written long ago; gives what was read anew."""
    monkeypatch.setattr(tokenfiles, "_TICK_NS", 0)

    def read():
        told = []
        index = folder.parent / "index"
        found = Collection.read(folder, progress=lambda *step: told.append(step), index=index)
        return found, len(told)

    return read


def test_read__when_one_row_changed__reads_that_one(folder, indexed):
    """Found by its bytes, wherever it is moved to; its picture is not decoded again."""
    path = folder / "tokens.csv"
    path.write_text(CSV)
    first, _ = indexed()
    assert indexed()[1] == 0
    head, *rows = CSV.split("\r\n", 1)
    path.write_text(f"{head}\r\n\r\n{rows[0]}\r\n")
    assert indexed()[1] == 0
    path.write_text(CSV.replace("5,Pip 5", "5,Pip V"))
    again, count = indexed()
    assert count == 1
    assert [a.key for a, b in zip(again, first, strict=True) if a.root != b.root] == ["5"]
    assert [a.made.pixels for a in again] == [a.made.pixels for a in first]


def test_read__when_words_changed__decodes_no_picture_again(folder, indexed, monkeypatch):
    """A new header or template changes every token, and no picture."""
    (folder / "tokens.json").write_text('{"name": "Face #{token}"}')
    indexed()
    monkeypatch.setattr("pfpkit.images.decode", None)  # nobody may call it
    (folder / "tokens.json").write_text('{"name": "Face No {token}"}')
    again, count = indexed()
    assert count == 5
    assert again.tokens[4].metadata.name == "Face No 5"
    assert all(entry.made.pixels for entry in again)


def test_read__when_the_header_changed__reads_every_row(folder, indexed):
    """The same cells under another name are another token."""
    (folder / "tokens.csv").write_text(CSV)
    first, _ = indexed()
    (folder / "tokens.csv").write_text(CSV.replace("trait:Hat", "trait:Cap", 1))
    again, count = indexed()
    assert count == 5
    changed = [a.key for a, b in zip(again, first, strict=True) if a.root != b.root]
    assert changed == ["1", "2"]


def test_bundle__when_the_table_changed_since__refuses(folder):
    """What is pinned is what was checked, though the row may lie elsewhere by now."""
    (folder / "tokens.csv").write_text(CSV)
    entry = Collection.read(folder).tokens[4]
    (folder / "tokens.csv").write_text(CSV.replace("Pip 5", "Pop 5"))
    with pytest.raises(BadInput, match=r"tokens\.csv changed while it was being used"):
        entry.bundle()


def test_read__when_read_by_worker_processes__is_the_same(folder, monkeypatch):
    """They find their rows by themselves."""
    (folder / "tokens.csv").write_text(CSV)
    alone = Collection.read(folder, workers=1)
    monkeypatch.setattr("pfpkit.crew._FEW", 1)
    assert Collection.read(folder, workers=2) == alone
    (folder / "images/2.png").write_bytes(encoded(noise(), "PNG")[:50])
    (folder / "tokens.csv").write_text(CSV.replace("a0b1c2", "blue"))
    with pytest.raises(BadInput) as caught:
        Collection.read(folder, workers=2)
    assert f"{folder}/tokens.csv line 5, column 'background_color': " in str(caught.value)
    assert f"{folder}/images/2.png: " in str(caught.value)


def test_scan__when_there_are_many_rows__keeps_little_of_each(tmp_path):
    """Where a row lies, and its hash."""
    path = tmp_path / "tokens.csv"
    rows = (f'{n},Face {n},"{"word " * 30}",Red,{n % 9}\n' for n in range(20_000))
    path.write_text("token,name,description,trait:Hat,number:Level\n" + "".join(rows))
    tracemalloc.start()
    try:
        found, whole = scan(path, [])
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(found), whole) == (20_000, True)
    assert used < 20_000 * 500
