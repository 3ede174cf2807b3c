"""A limit for what must not wait."""

import contextlib
import signal


@contextlib.contextmanager
def promptly(seconds=20):
    """Fail what waits for another process that never comes, such as the other end of a pipe."""

    def late(*_):
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
