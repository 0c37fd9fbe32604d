"""What the platform produces: assets, checks, jobs, and the root that ties them together."""
