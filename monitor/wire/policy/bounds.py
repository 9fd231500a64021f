"""The limits of a policy file, in words for its documentation."""

from typing import Final

from monitor.core import predicate, tokens
from monitor.wire.policy import (
    agreement,
    announcing,
    cadence,
    calendars,
    conditions,
    definitions,
    duties,
    ladders,
    moves,
    quotas,
    recipients,
    routes,
    targets,
    values,
)

BOUNDS: Final = (
    ("file", f"{agreement.BYTES_MAX} bytes, one document, no anchors, aliases or tags"),
    ("duties", f"1 to {duties.DUTIES_MAX}, definitions included"),
    ("personas", f"{definitions.PERSONAS_MAX}"),
    ("predicates in `all` or `any`", f"{definitions.CONDITIONS_MAX}"),
    ("targets of a duty", f"1 to {targets.TARGETS_MAX}"),
    ("attempts of a duty, all channels together", f"{cadence.ATTEMPTS_MAX}"),
    ("`reasons`", f"{conditions.REASONS_MAX}"),
    ("`reassigned_at_most`", f"{moves.REASSIGNED_MAX}"),
    ("levels of `warn_at`", f"{announcing.WARNINGS_MAX}"),
    ("sources in `final_after`", f"{announcing.SOURCES_MAX}"),
    ("quotas", f"1 to {quotas.QUOTAS_MAX}"),
    ("targets of a quota, all values together", f"{quotas.TARGETS_MAX}"),
    ("lines of points", f"{quotas.POINTS_MAX}"),
    ("recipients of notices, and owners", f"{recipients.RECIPIENTS_MAX} and {recipients.OWNERS_MAX}"),
    ("ladders, and steps of each", f"{ladders.LADDERS_MAX} and {ladders.STEPS_MAX}"),
    ("routes", f"{routes.ROUTES_MAX}"),
    ("`within` of `fold`", f"{routes.FOLD_US_MAX // 3_600_000_000} hour"),
    ("stages", f"{agreement.STAGES_MAX}"),
    ("segments", f"{agreement.SEGMENTS_MAX}"),
    ("calendars", f"{calendars.CALENDARS_MAX}"),
    ("values that choose a calendar", f"{targets.CHOICES_MAX}"),
    ("limits and durations", f"{values.LIMIT_DAYS_MAX} days, whichever way they are counted"),
    ("texts", f"{values.TEXT_LENGTH_MAX} characters"),
    ("a predicate", f"{tokens.LENGTH_MAX} characters, {predicate.DEPTH_MAX} levels of parentheses and `not`"),
)
