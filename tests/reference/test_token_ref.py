"""TokenRef and checksum_address

given CAIP-19 of an ERC-721 token, reads it in any case and writes one form
given another chain family, standard, or a malformed part, BadReference says what
given a mixed-case address with a wrong checksum, refuses it as a typing error
given any token, its text reads back as the same token
"""

import pytest
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.errors import BadReference
from pfpkit.reference import TokenRef, checksum_address

ADDRESS = "0x06012c8cf97BEaD5deAe237070F9587f8E7A266d"
REF = f"eip155:1/erc721:{ADDRESS}/771769"
# https://eips.ethereum.org/EIPS/eip-55
EIP_55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("address", EIP_55)
def test_checksum_address__when_in_any_case__writes_that_of_eip_55(address):
    """The EIP's own vectors, as they are and in one case."""
    assert checksum_address(address) == address
    assert checksum_address(address.lower()) == address
    assert checksum_address("0x" + address[2:].upper()) == address


@pytest.mark.parametrize("address", EIP_55[4:])
def test_checksum_address__when_one_letter_is_in_the_other_case__is_refused(address):
    """Each letter on its own: a mixed-case address carries its checksum."""
    letters = [place for place, letter in enumerate(address) if place > 1 and letter.isalpha()]
    for place in letters:
        wrong = address[:place] + address[place].swapcase() + address[place + 1 :]
        with pytest.raises(BadReference, match="wrong checksum"):
            checksum_address(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        ADDRESS[2:],
        ADDRESS[:-1],
        f"{ADDRESS}0",
        f" {ADDRESS}",
        f"{ADDRESS}\n",
        f"0X{ADDRESS[2:]}",
        ADDRESS.replace("0", "\u0660"),
        ADDRESS[:-1] + "g",
        "vitalik.eth",
        "x" * 10_000,
    ],
)
def test_checksum_address__when_not_40_hex_digits__is_refused(text):
    """In a message of bounded length."""
    with pytest.raises(BadReference, match="is no address") as refusal:
        checksum_address(text)
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper()])
def test_parse__when_the_address_is_in_any_case__is_one_token(address):
    """CryptoKitties' token of CAIP-22, written with its checksum."""
    ref = TokenRef.parse(f"eip155:1/erc721:{address}/771769")
    assert (ref.chain_id, ref.contract, ref.token_id) == (1, ADDRESS, 771769)
    assert str(ref) == REF


@pytest.mark.parametrize("token_id", [0, 1, 2**53, 10**77, 2**256 - 1])
def test_parse__when_the_id_is_large__is_read_whole(token_id):
    """Up to 78 digits."""
    assert TokenRef.parse(f"eip155:1/erc721:{ADDRESS}/{token_id}").token_id == token_id


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"eip155:1/erc721:{ADDRESS}/{2**256}", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/{'9' * 78}", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/{'9' * 100_000}", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/0x1", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/01", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/-1", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/1 ", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/\u0661", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/1/2", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/1\n", "names no token"),
        (f"eip155:1/erc721:{ADDRESS}/", "names no token"),
        (f"eip155:1/erc721:{ADDRESS}", "names no token"),
        (f"eip155:1/erc721:{ADDRESS.swapcase()}/1", "is no address"),
        (f"eip155:1/erc721:{ADDRESS[:-1]}D/1", "wrong checksum"),
        ("eip155:1/erc721:0x12/1", "is no address"),
        (f"eip155:1/erc1155:{ADDRESS}/1", "is of erc1155, only erc721 is read"),
        (f"eip155:1/erc{'7' * 10_000}:{ADDRESS}/1", "only erc721 is read"),
        (f"eip155:1/erc20:\x1b[2J{ADDRESS}/1", "is of erc20, only erc721 is read"),
        (f"eip155:1/slip44:{ADDRESS}/1", "names no token"),
        (f"eip155:01/erc721:{ADDRESS}/1", "names no token"),
        (f"eip155:\u0661/erc721:{ADDRESS}/1", "names no token"),
        (f"eip155:-1/erc721:{ADDRESS}/1", "names no token"),
        (f"eip155:{2**53}/erc721:{ADDRESS}/1", "is no chain id"),
        (f"EIP155:1/erc721:{ADDRESS}/1", "names no token"),
        (f"bip122:1/erc721:{ADDRESS}/1", "names no token"),
        (f" {REF}", "names no token"),
        ("", "names no token"),
        ("7", "names no token"),
        ("\x1b[2J" * 1000, "names no token"),
    ],
)
def test_parse__when_no_erc721_token_of_an_ethereum_chain__says_what_is_wrong(text, reason):
    """On one printable line of bounded length."""
    with pytest.raises(BadReference, match=reason) as refusal:
        TokenRef.parse(text)
    assert len(str(refusal.value)) < 1000
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("fields", [(-1, ADDRESS, 1), (1, ADDRESS, -1), (1, ADDRESS, 2**256)])
def test_token_ref__when_made_of_numbers_out_of_range__is_refused(fields):
    """So that each TokenRef has a text that reads back."""
    with pytest.raises(BadReference):
        TokenRef(*fields)


@given(
    chain_id=st.integers(0, 2**53 - 1),
    contract=st.binary(min_size=20, max_size=20),
    token_id=st.integers(0, 2**256 - 1),
)
def test_parse__when_given_the_text_of_any_token__is_that_token(chain_id, contract, token_id):
    """And each spelling of the address gives the same value."""
    ref = TokenRef(chain_id, "0x" + contract.hex(), token_id)
    assert ref.contract == to_checksum_address(contract)
    assert TokenRef.parse(str(ref)) == ref
    assert TokenRef.parse(str(ref).lower()) == ref


@given(st.text(max_size=80) | st.from_regex(r"eip155:.{0,20}/erc721:.{0,50}/.{0,90}"))
def test_parse__when_given_any_text__reads_it_or_refuses_it(text):
    """BadReference is all that comes out, and what is read is written the same way."""
    try:
        ref = TokenRef.parse(text)
    except BadReference:
        return
    assert str(ref).lower() == text.lower()
