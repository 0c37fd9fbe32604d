"""What the pages show, read through the services: frozen values, no drawing."""
