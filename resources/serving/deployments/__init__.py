"""Deployments: what went live when, by whom, why; nothing of it is ever rewritten."""
