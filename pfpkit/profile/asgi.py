"""The application for a server of production: `uvicorn pfpkit.profile.asgi:app`.

Reads the environment once, when it is imported; a missing or wrong setting ends the start.
"""

import os

from pfpkit.profile.app import application
from pfpkit.profile.settings import Settings

__all__ = ["app"]

app = application(Settings.from_environment(os.environ))
