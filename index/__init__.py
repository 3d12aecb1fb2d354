"""From documents to a searchable index: chunks, terms, vectors, and the store that holds them."""
