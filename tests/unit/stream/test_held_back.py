"""Source partitions are fetched only after the queues were cleared, and only while they are assigned."""

from faust.types.tuples import TP

from monitor.stream.engine.held_back import HeldBack

ZERO, ONE = TP("timeline", 0), TP("timeline", 1)


def test_what_is_held_is_released_once() -> None:
    held = HeldBack()
    held.hold([ZERO, ONE])
    assert held.release([ZERO, ONE]) == {ZERO, ONE}
    assert held.release([ZERO, ONE]) == set()


def test_what_was_revoked_meanwhile_is_not_released() -> None:
    held = HeldBack()
    held.hold([ZERO, ONE])
    assert held.release([ONE]) == {ONE}


def test_a_revocation_forgets_what_was_held() -> None:
    held = HeldBack()
    held.hold([ZERO])
    held.forget()
    assert held.release([ZERO]) == set()
