"""The answer, and the faces that show it: terminal, browser, widget, programs."""
