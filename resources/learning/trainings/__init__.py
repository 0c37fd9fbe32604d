"""The large trainings of a home: what is known of each, and how it stands. Files, which outlive any kill."""
