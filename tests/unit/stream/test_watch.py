"""What a worker notices of itself: a standstill, and how recovery goes."""

from monitor.stream.watch import RecoveryProgress, Standstill


def test_a_standstill_lasts_from_when_the_value_was_first_seen() -> None:
    standstill = Standstill()
    assert standstill.lasts_s(7, 100.0) == 0.0
    assert standstill.lasts_s(7, 130.0) == 30.0


def test_a_change_ends_a_standstill() -> None:
    standstill = Standstill()
    standstill.lasts_s(7, 100.0)
    assert standstill.lasts_s(8, 130.0) == 0.0


def test_what_has_nothing_to_wait_for_does_not_stand_still() -> None:
    standstill = Standstill()
    standstill.lasts_s(7, 100.0)
    standstill.over()
    assert standstill.lasts_s(7, 500.0) == 0.0


def test_progress_tells_the_rate_and_the_time_to_go() -> None:
    progress = RecoveryProgress()
    assert progress.look(1_000, 10.0) == (1_000, 0.0, 0.0)
    assert progress.look(400, 12.0) == (400, 300.0, 400 / 300)


def test_another_recovery_is_measured_from_its_own_beginning() -> None:
    progress = RecoveryProgress()
    progress.look(1_000, 10.0)
    progress.over()
    progress.look(500, 20.0)
    assert progress.look(400, 21.0).per_s == 100.0


def test_a_restart_within_one_recovery_is_measured_anew() -> None:
    progress = RecoveryProgress()
    progress.look(100, 10.0)
    assert progress.look(900, 11.0).per_s == 0.0
