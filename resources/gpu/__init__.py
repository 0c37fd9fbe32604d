"""Who gets which devices, when and why."""
