"""What the chat's script, which Streamlit runs anew for every click, finds of the process that it runs in."""

from app.assemble import Site

#: The open index; set once before the server starts.
site: Site | None = None
