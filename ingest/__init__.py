"""From a source to documents: what there is, what its bytes say, and what changed since last time."""
