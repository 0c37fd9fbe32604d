"""What is kept of scaling: each step with its reason, and how many requests came in each minute."""
