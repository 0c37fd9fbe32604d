"""What keeps a run within its lease on this machine: limits where there are any, a watch over the rest."""
