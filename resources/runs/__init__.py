"""How runs wait, start, die and come back: Dagster's coordinator and launcher over the ledger."""
