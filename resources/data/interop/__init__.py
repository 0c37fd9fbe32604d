"""To and from repositories of DVC."""
