"""Gates: what a model must pass before it is promoted, judged, kept, and overridden by name."""
