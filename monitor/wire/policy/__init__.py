"""Policy files: from YAML that people write to the frozen agreement of the core, or to faults they can mend."""

from monitor.wire.policy.agreement import Examined, read_policy
from monitor.wire.policy.diff import Change, diff
from monitor.wire.policy.fault import PolicyDoubt, PolicyError, PolicyFault
from monitor.wire.policy.notices import check_channels
from monitor.wire.policy.values import nearest, read_limit
from monitor.wire.policy.versions import PolicyFiles, examine_policy, load_policy, policy_of, read_files

__all__ = [
    "Change", "Examined", "PolicyDoubt", "PolicyError", "PolicyFault", "PolicyFiles", "check_channels", "diff",
    "examine_policy", "load_policy", "nearest", "policy_of", "read_files", "read_limit", "read_policy",
]  # fmt: skip
