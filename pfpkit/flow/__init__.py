"""The steps of the flow as scripts run them: each checks, says what it will do, acts, and prints.

The scripts are their options; the demo runs them one after another. Only these and `accounts` need
the extra `[ape]`.
"""
