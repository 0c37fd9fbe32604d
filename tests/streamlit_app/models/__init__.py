"""Tests of the parts of the comparison of models."""
