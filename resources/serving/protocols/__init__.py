"""What clients say and are told over HTTP."""
