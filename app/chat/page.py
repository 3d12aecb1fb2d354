"""The script that Streamlit runs for every visit and every click."""

from app.chat.view import draw

if __name__ == "__main__":
    draw()
