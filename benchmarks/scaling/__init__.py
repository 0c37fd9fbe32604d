"""A service with replicas on a simulated clock, and the requests that come to it."""
