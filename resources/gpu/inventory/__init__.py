"""What devices there are: read from the machine, or declared."""
