"""A folder of policy files with one mistake each, which the loader must name with its line, field and fix."""

from pathlib import Path

import pytest

from monitor.wire.policy import PolicyError, load_policy

POLICIES = Path(__file__).parent / "policies"
WRONG = sorted((POLICIES / "wrong").glob("*.yaml"))
RIGHT = sorted((POLICIES / "right").glob("*.yaml"))


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_policy_is_refused_with_line_field_and_fix(path: Path) -> None:
    first_line = path.read_text().partition("\n")[0]
    expected = first_line.removeprefix("# expect: ")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert str(caught.value) == f"{path}:{expected}"


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_a_right_policy_is_accepted(path: Path) -> None:
    assert load_policy(path).duties


def test_no_folder_is_empty() -> None:
    assert len(WRONG) >= 100
    assert len(RIGHT) >= 3
