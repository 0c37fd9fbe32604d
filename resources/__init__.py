"""What assets draw on: each subject is a plain library with one thin ``resource.py`` for Dagster."""
