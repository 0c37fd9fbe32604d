"""The server: one process that clients ask, and that lets replicas answer."""
