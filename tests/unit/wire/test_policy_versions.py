"""A folder of files is one agreement in several versions; what keeps them from being that is named with both files."""

from pathlib import Path

import pytest

from monitor.core.instant import from_rfc3339
from monitor.core.policy import Applies
from monitor.wire.policy import PolicyError, examine_policy, load_policy, read_policy
from monitor.wire.policy.versions import CHANGES_MAX

TEXT = """\
agreement:
  name: Inbound
  version: {version}
  effective_from: {effective_from}{more}
timezone: Europe/Berlin
calendars:
  office: {{hours: {{mon-fri: 09:00-17:00}}}}
follow_up:
  - duty: answer
    starts: lead.created
    met_by: activity.logged
    within: {within}
"""


def text(version: str, effective_from: str, within: str = "1 hours elapsed", **more: str) -> str:
    """One version of an agreement."""
    lines = "".join(f"\n  {key}: {value}" for key, value in more.items())
    return TEXT.format(version=version, effective_from=effective_from, within=within, more=lines)


def put(folder: Path, **texts: str) -> Path:
    """A folder with these files."""
    for name, content in texts.items():
        (folder / f"{name}.yaml").write_text(content)
    return folder


def faults_of(path: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return str(caught.value).split("\n")


def test_the_versions_of_a_folder_are_in_the_order_of_their_dates_and_not_of_their_names(tmp_path: Path) -> None:
    put(tmp_path, a=text("v3", "2026-10-01"), b=text("v1", "2026-01-01"), c=text("v2", "2026-04-01"))
    policy = load_policy(tmp_path)
    assert [version.version for version in policy.versions] == ["v1", "v2", "v3"]
    assert policy.in_force(from_rfc3339("2026-05-01T00:00:00Z")).version == "v2"


def test_a_file_alone_is_an_agreement_of_one_version(tmp_path: Path) -> None:
    put(tmp_path, a=text("v1", "2026-01-01"))
    for path in (tmp_path / "a.yaml", tmp_path):
        policy = load_policy(path)
        assert policy.versions == (policy,)
        assert policy.changes == ()


def test_a_version_says_what_is_different_from_the_one_before(tmp_path: Path) -> None:
    put(tmp_path, a=text("v1", "2026-01-01"), b=text("v2", "2026-04-01", "30 minutes elapsed", applies_to="open"))
    assert load_policy(tmp_path).changes == (
        "agreement, applies to: new: open",
        "duty answer, within: 30 minutes elapsed instead of 1 hours elapsed",
    )


def test_of_very_many_differences_the_first_are_said_and_the_others_counted(tmp_path: Path) -> None:
    days = ", ".join(f"2027-01-{day:02}" for day in range(1, 29))
    more = "".join(f"  desk{n}: {{hours: {{mon: 09:00-10:00}}, closed: [{days}]}}\n" for n in range(30))
    put(tmp_path, a=text("v1", "2026-01-01"), b=text("v2", "2026-04-01").replace("calendars:\n", "calendars:\n" + more))
    changes = load_policy(tmp_path).changes
    assert len(changes) == CHANGES_MAX
    assert changes[-1] == "and 11 more changes"
    assert max(map(len, changes)) <= 200


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (text("v1", "2026-04-01"), "3: agreement.version: is also that of {a}; fix: give each version a name"),
        (text("v2", "2026-01-01"), "4: agreement.effective_from: is also that of {a}; fix: let one follow the other"),
        (text("v2", "2026-04-01").replace("Inbound", "Partners"), "2: agreement.name: is not that of {a}, Inbound"),
    ],
    ids=["version", "effective_from", "name"],
)
def test_two_files_that_are_not_two_versions_of_one_agreement_are_refused_by_name(
    tmp_path: Path, second: str, message: str
) -> None:
    put(tmp_path, a=text("v1", "2026-01-01"), b=second)
    (fault,) = faults_of(tmp_path)
    assert fault.startswith(f"{tmp_path / 'b.yaml'}:{message.format(a=tmp_path / 'a.yaml')}")


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    put(tmp_path, a=text("v1", "soon"), b=text("v2", "2026-04-01", "1 day"))
    told = faults_of(tmp_path)
    assert [line.split(":")[0].rpartition("/")[2] for line in told] == ["a.yaml", "b.yaml"]


def test_a_folder_without_an_agreement_is_refused_and_hidden_files_are_none(tmp_path: Path) -> None:
    (tmp_path / ".a.yaml").write_text(text("v1", "2026-01-01"))
    (fault,) = faults_of(tmp_path)
    assert "has 0 files *.yaml; fix: keep 1 to 20 versions" in fault


def test_what_a_version_applies_to_and_when_it_is_reviewed_are_instants_in_its_time_zone() -> None:
    more = {"applies_to": "2026-09-15", "review_by": "2026-12-18", "approved_by": "[ana, bob]"}
    policy = read_policy(text("v2", "2026-10-01", **more), "a.yaml")
    assert policy.effective_at == from_rfc3339("2026-09-30T22:00:00Z")
    assert (policy.applies_to, policy.applies_from) == (Applies.SINCE, from_rfc3339("2026-09-14T22:00:00Z"))
    assert policy.review_at == from_rfc3339("2026-12-18T23:00:00Z")
    assert policy.review_notice_us == 14 * 86_400_000_000
    assert policy.approved_by == ("ana", "bob")


@pytest.mark.parametrize(("written", "applies_to"), [("new", Applies.NEW), ("open", Applies.OPEN)])
def test_without_a_date_a_version_applies_from_its_beginning(written: str, applies_to: Applies) -> None:
    policy = read_policy(text("v2", "2026-10-01", applies_to=written, review_notice="3 days"), "a.yaml")
    assert (policy.applies_to, policy.applies_from) == (applies_to, policy.effective_at)
    assert policy.review_notice_us == 3 * 86_400_000_000


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ("2026-12-04T22:00:00Z", None),
        ("2026-12-05T00:00:00Z", "is near"),
        ("2026-12-18T22:00:00Z", "is near"),
        ("2026-12-18T23:00:00Z", "has passed"),
    ],
)
def test_a_review_that_is_near_or_past_is_doubted(tmp_path: Path, now: str, message: str | None) -> None:
    put(tmp_path, a=text("v1", "2026-01-01", review_by="2026-12-18"))
    assert reviews(tmp_path, now) == ([] if message is None else [(5, message)])


def reviews(path: Path, now: str) -> list[tuple[int, str]]:
    doubts = examine_policy(path, from_rfc3339(now)).doubts
    return [(doubt.line, doubt.message) for doubt in doubts if doubt.field == "agreement.review_by"]


def test_the_review_of_a_version_that_a_newer_one_has_replaced_is_nobodys_concern(tmp_path: Path) -> None:
    put(tmp_path, a=text("v1", "2026-01-01", review_by="2026-03-01"), b=text("v2", "2026-04-01"))
    assert reviews(tmp_path, "2026-03-15T00:00:00Z")
    assert not reviews(tmp_path, "2026-04-15T00:00:00Z")
