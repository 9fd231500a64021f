"""What the core says: verdicts and what leads to them, each with an id that never changes."""

from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple


class Kind(StrEnum):
    """Outcome kinds (the vocabulary of Zendesk's metric events, extended)."""

    ACTIVATED = "activated"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESET = "reset"
    REASSIGNED = "reassigned"
    STALLED = "stalled"
    """A pause has lasted longer than the agreement allows."""
    PASSED_AROUND = "passed_around"
    """The owner has changed more often than the agreement allows."""
    WARNED = "warned"
    MET = "met"
    BREACHED = "breached"
    FULFILLED_LATE = "fulfilled_late"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    FINALISED = "finalised"
    AMENDED = "amended"
    """A new version of the agreement is in force, or has taken over this clock."""
    REVIEW_DUE = "review_due"
    """The agreement is to be reviewed soon."""
    REVIEW_OVERDUE = "review_overdue"
    """The day by which the agreement was to be reviewed has passed."""
    AT_RISK = "at_risk"
    """A quota: its forecast has fallen below the share of its target that the agreement names."""
    CORRECTED = "corrected"
    """A quota: what was final is different after all."""


class Reason(StrEnum):
    """Why an outcome was said."""

    STARTED = "started"
    SHARE_USED = "share_of_limit_used"
    IN_TIME = "evidence_in_time"
    DEFINITION_MET = "definition_met"
    ATTEMPTS_MADE = "attempts_made"
    CONNECTED = "connected"
    SILENCE_ACCEPTED = "silence_accepted"
    REJECTED = "lead_rejected"
    """What met the duty is that the lead was given back."""
    NO_EVIDENCE = "no_evidence_by_due"
    DEFINITION_NOT_MET = "definition_not_met"
    TOO_FEW_ATTEMPTS = "too_few_attempts_by_due"
    OUT_OF_REACH = "attempts_out_of_reach"
    AFTER_DUE = "evidence_after_due"
    CONDITION = "cancelling_event"
    PAUSING = "pausing_condition"
    RESUMING = "resuming_condition"
    RESETTING = "resetting_event"
    OWNER_CHANGED = "owner_changed"
    PAUSE_TOO_LONG = "pause_too_long"
    OWNERS_TOO_MANY = "owners_too_many"
    ERASED = "lead_erased"
    MERGED = "lead_merged"
    DUTY_REMOVED = "duty_no_longer_in_policy"
    LATE_EVIDENCE = "late_evidence"
    WAIT_OVER = "final_after_over"
    NEW_VERSION = "new_version_in_force"
    REVIEW_NEAR = "review_by_near"
    REVIEW_PASSED = "review_by_passed"
    TARGET_REACHED = "target_reached"
    TARGET_MISSED = "target_missed"
    FORECAST_LOW = "forecast_below_share"
    COUNT_CHANGED = "count_changed"
    CHANGED_AFTER_FINAL = "changed_after_final"


class Delivery(NamedTuple):
    """How a quota stood when something was said of it; amounts in thousandths of a lead or point."""

    term: str
    """Such as `2026-10` or `2026-Q4`."""
    dims: tuple[tuple[str, str], ...]
    """Fields that it is counted per, with their values."""
    target: int
    delivered: int
    """What counts, that which may still be taken back included."""
    pending: int
    clawed_back: int
    refused: int
    """What did not meet the definition."""
    forecast: int | None = None
    """For the end of the term, and between what it will be with a probability of 80 %; None where there is none."""
    forecast_low: int | None = None
    forecast_high: int | None = None


class Outcome(NamedTuple):
    """One verdict, or a step towards one; instants in microseconds since the epoch."""

    kind: Kind
    lead: str
    duty: str
    cycle: int
    """1 for the first clock of this duty on this lead, 2 after it was recycled and started again, …"""
    level: str
    """`warned`: the percentage ("80") or the time left; `paused`, `resumed`, `reset`, `reassigned`, `stalled`,
    `amended`: which one ("1"); `review_due`, `review_overdue`: by when; `withdrawn`: the kind taken back ("breached",
    "warned:80"); else ""."""
    revision: int
    """How often late evidence turned this verdict."""
    policy_version: str
    reason: Reason
    at: int
    """When it became true in event time: breached at the due instant, met at the evidence instant."""
    team: str
    owner: str
    """Owner at that time; "" when nobody was assigned."""
    segment: str
    lead_source: str
    started_at: int
    due_at: int
    limit: str
    """As the policy wrote it, e.g. "4 working_hours"."""
    calendar: str
    evidence_ids: tuple[str, ...]
    evidence_at: int | None
    late_elapsed_us: int | None = None
    late_working_us: int | None = None
    """`fulfilled_late` only; working lateness only where the target has a calendar."""
    supersedes: str | None = None
    """The outcome id that this revision replaces."""
    hold_us: int = 0
    changes: tuple[str, ...] = ()
    """`amended`, of the agreement as a whole: what is different from the version before, in words."""
    missing: str = ""
    """`breached` with DEFINITION_NOT_MET: what the lead lacked, in one line. `met` with REJECTED: the reason given."""
    delivery: Delivery | None = None
    """Of a quota, which is of no lead: `lead` is empty, and `started_at` to `due_at` is the term."""

    @property
    def subject(self) -> str:
        """What it is about: the lead, `agreement`, or quota, term and dims: `qualified-leads/2026-10/enterprise`."""
        if self.delivery is None:
            return self.lead or self.duty
        return "/".join((self.duty, self.delivery.term, *(value for _, value in self.delivery.dims)))

    @property
    def outcome_id(self) -> str:
        """Deterministic: the same subject, duty, cycle, kind, level, policy version and revision give the same id."""
        about = self.lead if self.delivery is None else self.subject
        of_clock = f"{about}\x1f{self.duty}\x1f{self.cycle}"
        said = f"{of_clock}\x1f{self.kind}\x1f{self.level}\x1f{self.policy_version}\x1f{self.revision}"
        return "out_" + blake2b(said.encode(), digest_size=16).hexdigest()
