"""Many transactions of one account, each of them exactly once, whatever happens meanwhile.

An *effect* is one Transfer event that is meant to happen: a bundle's mint (known by its digest) or
a token's move. A *slot* is a nonce with one call, in one or more versions that differ in fees.

Why nothing happens twice
-------------------------
1. The chain mines at most one transaction for each nonce of an account. So all versions of a slot
   together happen at most once, in whatever order, from whichever node or pool they come.
2. An effect is in one slot that lives. `TransactionJournal.sign` is the only way to a transaction
   that may be sent, and refuses an effect that another slot has, unless that one is void.
3. A slot is void when no version of it can be mined any more: at one final block the account's
   nonce is past it, and the contract's own state (or events) at that block do not have all of its
   effects. It is proved from that block alone, never from a missing receipt: a node may lack one.
   The effects that are there, by whomever, stay taken; the others are free.
4. So two transactions with one effect never both can be mined, up to a reorganisation deeper than
   what is called final: the chain's `finalized` block on a live network (64 blocks before the
   latest where nodes know none), `--confirmations` on a local one.

Why nothing is lost
-------------------
A slot that is open is sent again, as the same bytes, until it is in a block that `confirmations`
others follow; or until it is void, when its effects go into another slot. A slot that was done is
open again when the chain says that its nonce is not used, or when its block is not on the chain any
more: each run compares what no run before has seen at a final block.

Each place at which a process may be killed
-------------------------------------------
- Before the line of a slot is written: its signature was in memory alone, and nobody has it.
- While it is written: the line is torn. It was not sent, for sending begins when the line is on the
  disk; the next process takes it away, and signs that nonce anew.
- After that, before, while or after it is sent: the next process finds the slot open. The chain
  says whether it is mined; if it is not, the same bytes are sent again. "Already known" and "nonce
  too low" are then answers, not failures.
- Before the line of a replacement is written, or after it: the same, for a version of the slot.
- Before "done" is written: the slot is open, and the next look finds its receipt.
- Before "void" is written: the proof is made again. After it: what did not happen is free, and what
  is to be sent is worked out from the chain anew.

A node's answer that is lost, late, given twice or made of an old block changes none of this: a
nonce is taken above all in the journal, an effect is free only by 3, and the rest is asked again.
An account that is used elsewhere meanwhile takes nonces; what it took makes slots void. A journal
that is damaged is refused. What it cannot know: a second journal of the same account on another
machine. Transactions in the node's pool that are not of this journal stop a run before it signs.
"""
