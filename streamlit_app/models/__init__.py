"""Parts of the page that compares model versions."""
