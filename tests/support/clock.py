"""Time that passes when a test says so."""


class Clock:
    """Seconds, as `time.time` gives them; each look takes `step`, so that looks have an order."""

    def __init__(self, time=1_800_000_000.0, step=0.0):
        self.time = time
        self._step = step

    def __call__(self):
        self.time += self._step
        return self.time
