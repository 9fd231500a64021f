"""Policy files: from YAML that people write to the frozen agreement of the core, or to faults they can mend."""

from monitor.wire.policy.agreement import load_policy, read_policy
from monitor.wire.policy.diff import Change, diff
from monitor.wire.policy.fault import PolicyError, PolicyFault
from monitor.wire.policy.values import nearest, read_limit

__all__ = ["Change", "PolicyError", "PolicyFault", "diff", "load_policy", "nearest", "read_limit", "read_policy"]
