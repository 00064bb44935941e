"""TokenRef and checksum_address

given CAIP-19 of an ERC-721 or ERC-1155 token, reads it in any case and writes one form
given an address and an id, reads them with the chain that was named, and not without
given another chain than the one that was named, refuses it
given another chain family, standard, or a malformed part, BadReference says what
given a mixed-case address with a wrong checksum, refuses it as a typing error
given any token, its text reads back as the same token
"""

import pytest
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.errors import BadReference
from pfpkit.reference import Standard, TokenRef, checksum_address

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
        (f"eip155:1/erc721:{ADDRESS}/0x1f", "no token id: it is decimal in a name, so 31"),
        (f"eip155:1/erc721:{ADDRESS}/0x{'f' * 100_000}", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/01", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/-1", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/+1", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/1_0", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/1e3", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/1/2", "no token id"),
        (f"eip155:1/erc721:{ADDRESS}/", "names no token"),
        (f"eip155:1/erc721:{ADDRESS}", "names no token"),
        (f"eip155:1/erc721:{ADDRESS.swapcase()}/1", "is no address"),
        (f"eip155:1/erc721:{ADDRESS[:-1]}D/1", "wrong checksum"),
        ("eip155:1/erc721:0x12/1", "is no address"),
        (f"eip155:1/erc20:{ADDRESS}/1", "is of erc20, only erc721 and erc1155 are read"),
        (f"eip155:1/ERC721:{ADDRESS}/1", "is of ERC721, only erc721 and erc1155"),
        (f"eip155:1/erc{'7' * 10_000}:{ADDRESS}/1", "only erc721 and erc1155 are read"),
        (f"eip155:1/slip44:{ADDRESS}/1", "is of slip44"),
        (f"eip155:01/erc721:{ADDRESS}/1", "no token of an Ethereum chain"),
        (f"eip155:-1/erc721:{ADDRESS}/1", "no token of an Ethereum chain"),
        (f"eip155:0x1/erc721:{ADDRESS}/1", "no token of an Ethereum chain"),
        (f"eip155:{2**53}/erc721:{ADDRESS}/1", "is no chain id"),
        (f"EIP155:1/erc721:{ADDRESS}/1", "no token of an Ethereum chain"),
        (f"bip122:1/erc721:{ADDRESS}/1", "no token of an Ethereum chain"),
        (f"solana:mainnet/erc721:{ADDRESS}/1", "no token of an Ethereum chain"),
        (f"{ADDRESS}/1", "names no chain; .*, or name the network"),
        (f"{ADDRESS}:1", "write <address>/<id>"),
        ("", "names no token"),
        ("7", "names no token"),
        ("name.eth", "names no token"),
    ],
)
def test_parse__when_no_token_of_an_ethereum_chain__says_what_is_wrong(text, reason):
    """On one printable line of bounded length."""
    with pytest.raises(BadReference, match=reason) as refusal:
        TokenRef.parse(text)
    assert len(str(refusal.value)) < 1000
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (REF.replace("erc721", "\u0435rc721"), r"CYRILLIC SMALL LETTER IE \(U\+0435\)"),
        (REF.replace("771769", "\uff17"), "FULLWIDTH DIGIT SEVEN"),
        (REF.replace("eip155:1", "eip155:\u0661"), "ARABIC-INDIC DIGIT ONE"),
        (REF.replace("771769", "77176\u0669"), "ARABIC-INDIC DIGIT NINE"),
        (REF.replace("/", "\u2044"), "FRACTION SLASH"),
        (REF.replace(":", "\ua789"), "MODIFIER LETTER COLON"),
        (REF.replace("0x0", "0x\u041e"), "CYRILLIC CAPITAL LETTER O"),
        (f"{REF}\u200b", "ZERO WIDTH SPACE"),
        (f"\u202e{REF}", "RIGHT-TO-LEFT OVERRIDE"),
        (f"\ufeff{REF}", "ZERO WIDTH NO-BREAK SPACE"),
        (f" {REF}", "SPACE"),
        (f"{REF} ", "SPACE"),
        (f"{REF}\n", r"no letter \(U\+000A\)"),
        (f"{REF}\0", r"no letter \(U\+0000\)"),
        (f"eip155:1/erc20:\x1b[2J{ADDRESS}/1", r"no letter \(U\+001B\)"),
        ("\x1b[2J" * 1000, r"no letter \(U\+001B\)"),
        (REF + "\ud800", r"no letter \(U\+D800\)"),
    ],
    ids=ascii,
)
def test_parse__when_a_letter_only_looks_right__names_it(text, reason):
    """Blanks, and letters and digits of other alphabets: with a network and without one."""
    for chain_id in (None, 1):
        with pytest.raises(BadReference, match=reason) as refusal:
            TokenRef.parse(text, chain_id)
        assert len(str(refusal.value)) < 2000
        assert str(refusal.value).isprintable()
        assert str(refusal.value).isascii()


def test_parse__when_of_erc1155__is_of_that_standard():
    """The example of CAIP-29; the same address and id as ERC-721 is another token."""
    text = "eip155:1/erc1155:0x28959Cf125ccB051E70711D0924a62FB28EAF186/0"
    ref = TokenRef.parse(text)
    assert (ref.standard, str(ref)) == (Standard.ERC1155, text)
    assert ref != TokenRef.parse(text.replace("erc1155", "erc721"))


@pytest.mark.parametrize("standard", Standard)
def test_parse__when_plain_and_a_network_is_named__is_of_its_chain(standard):
    """ERC-721 unless it is said otherwise."""
    ref = TokenRef.parse(f"{ADDRESS.lower()}/771769", 5, standard)
    assert ref == TokenRef(5, ADDRESS, 771769, standard)
    assert TokenRef.parse(f"{ADDRESS}/771769", 1) == TokenRef.parse(REF)


@pytest.mark.parametrize(
    "text", [f"{ADDRESS}/0x1", f"{ADDRESS}/", f"{ADDRESS[:-1]}/1", f"{ADDRESS}/1/2"]
)
def test_parse__when_plain_and_malformed__is_refused(text):
    """As in a whole identifier."""
    with pytest.raises(BadReference, match=r"no token|no address"):
        TokenRef.parse(text, 1)


def test_parse__when_a_network_is_named__reads_its_tokens_and_refuses_others():
    """The same address on another chain is another contract."""
    assert TokenRef.parse(REF, 1) == TokenRef.parse(REF)
    with pytest.raises(BadReference, match="is of chain 1, the network that was named is chain 10"):
        TokenRef.parse(REF, 10)


@pytest.mark.parametrize("fields", [(-1, ADDRESS, 1), (1, ADDRESS, -1), (1, ADDRESS, 2**256)])
def test_token_ref__when_made_of_numbers_out_of_range__is_refused(fields):
    """So that each TokenRef has a text that reads back."""
    with pytest.raises(BadReference):
        TokenRef(*fields)


@given(
    chain_id=st.integers(0, 2**53 - 1),
    contract=st.binary(min_size=20, max_size=20),
    token_id=st.integers(0, 2**256 - 1),
    standard=st.sampled_from(Standard),
)
def test_parse__when_given_the_text_of_any_token__is_that_token(
    chain_id, contract, token_id, standard
):
    """And each spelling of the address gives the same value, with a network and without."""
    ref = TokenRef(chain_id, "0x" + contract.hex(), token_id, standard)
    assert ref.contract == to_checksum_address(contract)
    assert TokenRef.parse(str(ref)) == ref
    assert TokenRef.parse(str(ref).lower(), chain_id) == ref
    assert TokenRef.parse(f"{ref.contract}/{token_id}", chain_id, standard) == ref


@given(
    st.text(max_size=80)
    | st.from_regex(r"eip155:.{0,20}/erc(721|1155):.{0,50}/.{0,90}")
    | st.from_regex(r"\A0x[0-9a-f]{40}/[0-9]{1,80}\Z")
)
def test_parse__when_given_any_text__reads_it_or_refuses_it(text):
    """BadReference is all that comes out, and what is read is written the same way."""
    for chain_id in (None, 7):
        try:
            ref = TokenRef.parse(text, chain_id)
        except BadReference:
            continue
        assert str(ref).lower().endswith(text.lower())
