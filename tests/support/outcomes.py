"""Outcomes of every kind with any values, for property tests."""

from hypothesis import strategies as st

from monitor.core.outcome import Delivery, Kind, Outcome, Reason

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
instants = st.integers(0, 4_102_444_800_000_000)
durations = st.integers(0, 10 * 365 * 86_400_000_000)
amounts = st.integers(0, 10**12)
deliveries = st.builds(
    Delivery, texts, st.dictionaries(texts, texts, max_size=2).map(lambda dims: tuple(dims.items())),
    amounts, amounts, amounts, amounts, amounts, st.none() | amounts, st.none() | amounts, st.none() | amounts,
)  # fmt: skip
any_outcome = st.builds(
    Outcome,
    kind=st.sampled_from(Kind), lead=texts, duty=texts, cycle=st.integers(1, 1000), level=texts,
    revision=st.integers(0, 1000), policy_version=texts, reason=st.sampled_from(Reason), at=instants, team=texts,
    owner=texts, segment=texts, lead_source=texts, started_at=instants, due_at=instants, limit=texts,
    calendar=texts, evidence_ids=st.lists(texts, max_size=3).map(tuple), evidence_at=st.none() | instants,
    late_elapsed_us=st.none() | durations, late_working_us=st.none() | durations, supersedes=st.none() | texts,
    hold_us=durations, changes=st.lists(texts, max_size=3).map(tuple), missing=texts, delivery=st.none() | deliveries,
)  # fmt: skip
