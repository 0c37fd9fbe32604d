"""Locks of versions: who reads one, who writes after one, and until when."""
