"""The policy as people write it: YAML read with positions, its layout, its schema for editors, and a template.

No proof and no evaluation here; the core, the policy's own shapes and ruamel.yaml are all that it needs.
"""

from __future__ import annotations

from everycall.policy.text.layout import format_policy
from everycall.policy.text.problems import PolicyError, Problem
from everycall.policy.text.schema import policy_schema
from everycall.policy.text.template import new_policy
from everycall.policy.text.whole import read_policy, read_with_warnings

__all__ = [
    "PolicyError",
    "Problem",
    "format_policy",
    "new_policy",
    "policy_schema",
    "read_policy",
    "read_with_warnings",
]
