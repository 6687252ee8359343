"""A local ActiveCampaign: one account's state, rate limit and bad days, in process or over HTTPS.

It imports nothing of the client, so that a mistake there cannot cancel out here.
"""

from ._clock import Clock
from ._faults import KINDS as FAULTS, Fault
from ._rules import RULES, Rule
from ._sandbox import Sandbox
from ._wire import Asked

__all__ = ["FAULTS", "RULES", "Asked", "Clock", "Fault", "Rule", "Sandbox"]
