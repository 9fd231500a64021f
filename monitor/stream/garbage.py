"""How often Python looks for garbage while many events are judged."""

import gc


def collect_less_often() -> None:
    """A batch makes and drops some hundred thousand small values, hardly any of them in a cycle.

    With Python's own thresholds the collector takes a fifth of the judge's time to find that out. The records and
    outcomes of all batches that are under way at once, some 50 000 values, must not set it off either. Nor may it look
    so seldom that what is dropped in cycles adds up: a worker would need tens of megabytes more.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
