"""Text to lexical terms."""
