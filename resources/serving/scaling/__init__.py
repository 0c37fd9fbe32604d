"""How many replicas a service has: what is declared, the rules, several services at once, and forecasts."""
