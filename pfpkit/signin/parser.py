"""What is taken of `signinwithethereum`: the grammar's parser, and ERC-6492's two constants."""

import warnings

with warnings.catch_warnings():
    # abnf warns of rules that the grammar of EIP-4361 states as RFC 5234 does.
    warnings.simplefilter("ignore")
    from siwe import SiweMessage
    from siwe.siwe import EIP6492_MAGIC_SUFFIX, EIP6492_VALIDATOR_BYTECODE

__all__ = ["EIP6492_MAGIC_SUFFIX", "EIP6492_VALIDATOR_BYTECODE", "SiweMessage"]
