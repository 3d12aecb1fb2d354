"""How good it is, judged from outside."""
