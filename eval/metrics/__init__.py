"""How good an answer or a ranking is: one file a metric."""
