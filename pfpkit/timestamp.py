"""Times as records and receipts write them: UTC, whole seconds, RFC 3339. Pure but for `now`."""

import re
from datetime import UTC, datetime

__all__ = ["TIMESTAMP", "now", "timestamp"]

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def now() -> str:
    """Return the time at this moment."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """Return a time in UTC as text.

    >>> timestamp(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    '2026-11-21T09:30:00Z'
    """
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
