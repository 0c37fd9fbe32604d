"""Label Studio over HTTP: the connection, its values, and how a project is set up."""
