"""Strategies and servers that the tests share."""
