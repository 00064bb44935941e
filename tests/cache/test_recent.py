"""Recent: what was used last stays, within its bytes"""

from pfpkit.cache import Recent


def test_get__of_what_was_put__is_it_until_others_need_the_room():
    """What was used longest ago goes; a use counts as one."""
    recent = Recent[str, int](80)
    for number, key in enumerate("abcdefgh"):
        recent.put(key, number, 10)
    assert recent.get("a") == 0
    recent.put("i", 8, 10)
    assert (recent.get("b"), recent.get("a"), recent.get("i")) == (None, 0, 8)


def test_put__again__counts_the_new_size():
    """A value takes the place of the one before it."""
    recent = Recent[str, int](80)
    recent.put("a", 1, 10)
    recent.put("a", 2, 5)
    for key in "bcdefgh":
        recent.put(key, 0, 10)
    assert [recent.get(key) for key in "ab"] == [2, 0]


def test_put__of_a_large_part_of_all__is_not_kept():
    """One value does not drive out all others; and with no room nothing is kept."""
    recent = Recent[str, int](80)
    recent.put("a", 1, 11)
    none = Recent[str, int](0)
    none.put("a", 1, 1)
    assert (recent.get("a"), none.get("a")) == (None, None)
