"""Solve one SMT query by yices, with multiplications by a constant written as shifts and sums.

Halmos calls it with the query's file. BundleURI multiplies by 2^n - 1 and by 73: solvers lay such
a product out as up to 256 additions, where two or three do (h * (2^48 - 1) is (h << 48) - h). Each
sum is checked here against its constant; the query asks the same afterwards.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

PRODUCT = re.compile(r"\(bvmul \(_ bv(\d+) (\d+)\)\s+")


def signed_digits(constant: int, bits: int) -> list[tuple[int, int]]:
    """Pairs (shift, 1 or -1) that add up to `constant` modulo 2^bits; the fewest of two ways."""
    ways = []
    for number in (constant, constant - (1 << bits)):
        digits, shift = [], 0
        while number:
            if number & 1:
                digit = 2 - number % 4
                digits.append((shift, digit))
                number -= digit
            number >>= 1
            shift += 1
        ways.append([(shift, digit) for shift, digit in digits if shift < bits])
    best = min(ways, key=len)
    if (sum(digit << shift for shift, digit in best) - constant) % (1 << bits):
        sys.exit(f"shifts: {constant} is not the sum of its shifts")
    return best


def end_of_term(text: str, start: int) -> int:
    """Where the term that begins at `start` ends: a name, or a list in its brackets."""
    if text[start] != "(":
        return start + len(re.match(r"[^\s()]+", text[start:])[0])
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    sys.exit("shifts: a bracket is open at the end of the query")


def by_shifts(query: str) -> str:
    """The query without products of two factors of which the first is a constant."""
    while found := PRODUCT.search(query):
        constant, bits = int(found[1]), int(found[2])
        end = end_of_term(query, found.end())
        if query[end] != ")":
            sys.exit("shifts: a product of more than two factors")
        terms = [f"(_ bv0 {bits})"] * 2
        for shift, digit in signed_digits(constant, bits):
            term = f"(bvshl factor (_ bv{shift} {bits}))"
            terms.append(term if digit > 0 else f"(bvneg {term})")
        factor = query[found.end() : end]
        product = f"(let ((factor {factor})) (bvadd {' '.join(terms)}))"
        query = query[: found.start()] + product + query[end + 1 :]
    return query


if __name__ == "__main__":
    source = Path(sys.argv[1])
    rewritten = source.with_suffix(".shifts.smt2")
    rewritten.write_text(by_shifts(source.read_text()))
    yices = Path(sys.executable).with_name("yices-smt2")
    os.execv(yices, [str(yices), "--smt2-model-format", "--bvconst-in-decimal", str(rewritten)])  # noqa: S606
