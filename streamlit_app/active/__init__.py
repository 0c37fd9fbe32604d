"""Active learning as people see it: charts, gauges of triggers, the next query."""
