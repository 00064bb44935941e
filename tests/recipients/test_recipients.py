"""Recipients: a CSV of who gets what, with every fault of every line at once.

given a right file, each line has its address or its name;
given wrong ones, all faults are told, by line, and nothing else is done.
"""

import pytest
from support.anvil import DEPLOYER, HOLDER, STRANGER

from pfpkit.errors import BadInput
from pfpkit.recipients import Recipients

MISTYPED = HOLDER[:-1] + "9"


def read(tmp_path, text, column="token"):
    path = tmp_path / "recipients.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Recipients.read(path, column)


def test_read__right_file__has_every_line(tmp_path):
    """Any order of columns, any case of an address, a byte order mark and empty lines."""
    text = f"\ufefftoken,recipient\r\n7,{HOLDER.lower()}\r\n\r\n12,nick.eth\r\n0, {STRANGER} \r\n"
    found = read(tmp_path, text)
    found.check()
    assert [(one.line, one.name, one.number, one.address) for one in found.lines] == [
        (2, HOLDER.lower(), 7, HOLDER),
        (4, "nick.eth", 12, ""),
        (5, STRANGER, 0, STRANGER),
    ]
    assert found.names == ["nick.eth"]


def test_check__many_faults__names_each_with_its_line(tmp_path):
    """One fault hides no other; the right lines are not named."""
    lines = [
        f"{HOLDER},1",
        f"{MISTYPED},2",
        "0x1234,3",
        f"{HOLDER},1",
        f"{DEPLOYER},x7",
        f"{DEPLOYER},-1",
        f"0x{'00' * 20},8",
        f"{DEPLOYER}",
        ",9",
        f"{DEPLOYER},10,more",
        "nobody.eth,11",
    ]
    found = read(tmp_path, "recipient,token\n" + "\n".join(lines))
    found.named({"nobody.eth": BadInput("'nobody.eth' stands for no address")})
    with pytest.raises(BadInput) as refused:
        found.check()
    message = str(refused.value)
    for line, words in {
        3: "wrong checksum (EIP-55)",
        4: "is no address",
        5: "token 1 is in line 2 already",
        6: "'x7' is no token number",
        7: "'-1' is no token number",
        8: "the zero address holds no tokens",
        9: "has 1 cells",
        10: "is no address",
        11: "has 3 cells",
        12: "stands for no address",
    }.items():
        assert any(
            row.startswith(f"  line {line}: ") and words in row for row in message.split("\n")
        )
    assert "line 2:" not in message.replace("in line 2 already", "")
    assert message.startswith(f"{found.path} has 10 faults; nothing was sent:\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the columns are none; they have to be recipient,token"),
        (f"{HOLDER},7", f"the columns are {HOLDER[:20]},7"),
        ("recipient,id\n", "the columns are recipient,id"),
        ("recipient,token,token\n", "they have to be recipient,token"),
        ("recipient,token\n", "has no recipients"),
        (b"recipient,token\n\xff,1\n", "line 2: is not UTF-8"),
        ('recipient,token\n"x"y,1\n', "is no CSV"),
    ],
)
def test_read__no_such_file_of_recipients__is_refused(tmp_path, text, words):
    """A file for transfers is none for airdrops; what is no CSV is none at all."""
    with pytest.raises(BadInput, match=r".") as refused:
        read(tmp_path, text)
    assert words in str(refused.value)


def test_read__file_for_transfers__has_ids(tmp_path):
    """Its column is `id`."""
    found = read(tmp_path, f"recipient,id\n{HOLDER},3\n", column="id")
    found.check()
    assert found.lines[0].number == 3
