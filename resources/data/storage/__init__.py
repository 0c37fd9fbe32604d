"""Where versions lie: objects and trees as DVC has them, snapshots as JSON."""
