"""How many replicas keep the wait short: Erlang's formula for a queue with several servers.

A share of busy time that is right for two replicas wastes half of twenty: many replicas can be busier at the
same wait. Requests that come at random and take random times wait longer than ``wait_s`` with probability
``C(k, a) * exp(-(k - a) * wait_s / service_s)``, where ``a`` is the load in replicas and ``C`` Erlang's.
Requests that all take about as long wait about half of it, so the number is on the safe side.
"""

from math import ceil, exp

from resources.serving.scaling.model import HIGHEST_REPLICAS

LATE = 0.01
"""The share of requests that may wait longer: a 99th percentile is asked for."""


def replicas_for(rate_per_s: float, service_s: float, wait_s: float, late: float = LATE) -> int:
    """The least number with which all but a share of ``late`` requests wait no longer than ``wait_s``."""
    load = rate_per_s * service_s
    if load <= 0:
        return 0
    blocked = 1.0  # by Erlang B, with no server
    for servers in range(1, HIGHEST_REPLICAS):
        blocked = load * blocked / (servers + load * blocked)
        if servers <= load:
            continue
        waiting = blocked / (1 - load / servers * (1 - blocked))
        if waiting * exp(-(servers - load) * wait_s / service_s) <= late:
            return servers
    return max(HIGHEST_REPLICAS, ceil(load))
