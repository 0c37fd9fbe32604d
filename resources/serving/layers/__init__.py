"""Models that were pulled: their layers by digest, as Ollama keeps them."""
