"""The town's policy and its certificate, as they ship: the text, and what the proof said of it."""

from __future__ import annotations

from importlib.resources import files


def policy_text() -> bytes:
    """The text of the policy, byte for byte."""
    return (files("everycall.simulate") / "town_policy.yaml").read_bytes()


def certificate_text() -> bytes:
    """Its certificate, byte for byte, as `everycall policy check --certificate` writes it."""
    return (files("everycall.simulate") / "town_policy.certificate.json").read_bytes()
