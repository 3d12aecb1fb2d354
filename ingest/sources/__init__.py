"""Where documents come from: one file a kind, and the file name is the kind in the settings."""
