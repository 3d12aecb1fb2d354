import os

project = "helixsw"
release = "25.2.0"
extensions = ["sphinx.ext.intersphinx"]
exclude_patterns = ["drafts"]
html_theme = os.environ.get("THEME", "furo")
