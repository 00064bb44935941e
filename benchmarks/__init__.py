"""Measurements that are run by hand, each by a target of its own; their results are recorded."""
