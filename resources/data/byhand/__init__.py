"""Labels that a person brings in a file, without Label Studio: read, resolved, and planned once."""
