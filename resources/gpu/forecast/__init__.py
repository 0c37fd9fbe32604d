"""What projects will ask for: hourly history, forecast, back-test, and what may be lent meanwhile."""
