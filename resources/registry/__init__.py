"""The registry: which models exist, how good they are, and which one is champion."""
