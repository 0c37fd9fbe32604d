"""Keeping the parts of the stack alive: started side by side, restarted when they die, stopped in order."""
