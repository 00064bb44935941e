"""Pinning beside other programs and beside plain files: `make bench-pin`."""
