"""Policy files: from YAML that people write to the frozen agreement of the core, or to faults they can mend."""

from monitor.wire.policy.agreement import Examined, examine_policy, load_policy, read_policy
from monitor.wire.policy.diff import Change, diff
from monitor.wire.policy.fault import PolicyDoubt, PolicyError, PolicyFault
from monitor.wire.policy.values import nearest, read_limit

__all__ = [
    "Change", "Examined", "PolicyDoubt", "PolicyError", "PolicyFault", "diff", "examine_policy", "load_policy",
    "nearest", "read_limit", "read_policy",
]  # fmt: skip
