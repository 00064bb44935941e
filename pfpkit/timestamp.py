"""Times as records and receipts write them: UTC, whole seconds, RFC 3339. Pure but for `now`."""

import re
import time
from datetime import UTC, datetime

__all__ = ["TIMESTAMP", "now", "timestamp"]

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def now() -> str:
    """Return the time at this moment."""
    return timestamp(time.time())


def timestamp(seconds: float) -> str:
    """Return a time in UTC as text, from seconds since 1970; ValueError or OverflowError for none.

    >>> timestamp(1_795_253_400)
    '2026-11-21T09:30:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
