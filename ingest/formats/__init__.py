"""How bytes become text: one file a format, and the file name is the format's name."""
