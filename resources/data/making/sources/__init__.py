"""Where samples come from besides the source folder: archives, prefixes, manifests, exports."""
