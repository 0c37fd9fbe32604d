"""The tasks that come with the platform: what each trains, on what."""
