"""Which pictures are nearly the same: what each looks like, kept by content, and the pairs among them."""
