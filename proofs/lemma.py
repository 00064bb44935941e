"""The arithmetic that Royalty.sol leaves over: by parts is exact, and nothing overflows.

Halmos proves that royaltyInfo answers q * bps + r * bps / 10000 for q = price / 10000 and
r = price % 10000. Here z3 proves over the integers that this is floor(price * bps / 10000) and that
every product and the sum stay below 2^256, so that no checked operation reverts. Prints `proved`.
"""

import sys

from z3 import And, Ints, Not, Or, Solver, sat, unsat

q, r, bps = Ints("q r bps")
price = q * 10_000 + r
amount = q * bps + (r * bps) / 10_000
WORD = 2**256
given = And(q >= 0, r >= 0, r < 10_000, price < WORD, bps >= 0, bps <= 10_000)
exact = amount == (price * bps) / 10_000
overflow = Or(q * bps >= WORD, r * bps >= WORD, amount >= WORD)

solver = Solver()
solver.set("timeout", 60_000)
solver.add(given)
if solver.check(q > 0, r > 0, bps > 0) != sat:
    sys.exit("what the lemma assumes cannot be true")
result = solver.check(Not(And(exact, Not(overflow))))
print("proved" if result == unsat else f"{result}: {solver.model() if result == sat else ''}")
sys.exit(result != unsat)
