"""Notebooks under a lease: JupyterLab in a user's work folder, given back when nobody uses it."""
