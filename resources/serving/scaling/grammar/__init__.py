"""What people write about scaling: a text to a spec, or the place where it stops being one."""
