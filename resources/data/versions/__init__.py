"""Versions of data sets: committed, told apart, branched, given back."""
