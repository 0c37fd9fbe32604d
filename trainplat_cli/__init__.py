"""The trainplat command: what the dagster command does not do."""
