"""Resolving beside other programs and beside what checks nothing: `make bench-resolve`."""
