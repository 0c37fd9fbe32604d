"""When to train again: a policy judged on a snapshot, and what people wish, pause and are told of it."""
