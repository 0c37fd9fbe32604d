"""Labeling: what is asked in Label Studio, what people answered, and which answers are confirmed labels."""
