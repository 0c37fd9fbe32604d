"""What runs in the server now, for people and programs."""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resources.serving.scaling.model import ScalingDecision
    from resources.serving.server.counting import Counts
    from resources.serving.server.model_server import ModelServer
    from resources.serving.server.pool import Pool
    from resources.serving.server.target import Target


def status_of(server: "ModelServer") -> dict[str, Any]:
    """Endpoints with their routes, and every version that is loaded."""
    return {
        "endpoints": {name: _endpoint(server, name) for name in server.names()},
        "models": [
            _model(server, target, pool)
            for target, pool in sorted(server.pools.items(), key=lambda p: str(p[0]))
        ],
        "problem": None if server.problem is None else server.problem.one_line,
    }


def _endpoint(server: "ModelServer", name: str) -> dict[str, Any]:
    route = server.router.routes[name]
    return {
        "live": None if route.live is None else str(route.live),
        "new": None if route.new is None else str(route.new),
        "weight_percent": route.weight_percent,
        "is_shadow": route.is_shadow,
        "scaling": _scaling(server.scaling.decided.get(name)),
        "counts": {"live": _counts(route.live_counts), "new": _counts(route.new_counts)},
        "compared": route.comparison.compared,
        "disagreed": route.comparison.disagreed,
    }


def _scaling(decision: "ScalingDecision | None") -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "replicas": decision.replicas,
        "wanted": decision.wanted,
        "rule": decision.by,
        "sentence": decision.sentence,
        "is_dry_run": decision.dry_run,
    }


def _model(server: "ModelServer", target: "Target", pool: "Pool") -> dict[str, Any]:
    now_s = time.monotonic()
    limit_s = server.idle_limit_s(target)
    return {
        "name": target.name,
        "version": str(target.number),
        "reference": str(target),
        "state": "READY" if pool.is_ready else "UNAVAILABLE",
        "reason": "" if pool.problem is None else pool.problem.problem,
        "waits": pool.waits_for,
        "makes_room": pool.makes_room,
        "wanted": pool.wanted,
        "starting": pool.starting,
        "waiting": pool.waiting_rows,
        "idle_s": round(now_s - pool.asked_at_s, 1),
        "unloads_in_s": None
        if limit_s is None or not pool.replicas
        else round(max(0.0, limit_s - (now_s - pool.asked_at_s)), 1),
        "digest": next((one.loading.sha256 for one in pool.replicas), ""),
        "replicas": [
            {
                "pid": one.pid,
                "device": one.loading.device,
                "devices": server.leasing.devices_of(one),
                "memory_bytes": 0 if one.process is None else one.process.memory_bytes(),
                "ready_after_s": round(one.ready_after_s, 3),
                "busy_for_s": round(one.busy_for_s(now_s), 3),
            }
            for one in pool.replicas
        ],
    }


def _counts(counts: "Counts") -> dict[str, Any]:
    return {
        "requests": counts.requests,
        "errors": counts.errors,
        "p50_ms": counts.percentile_ms(0.5),
        "p99_ms": counts.percentile_ms(0.99),
    }
