"""The dashboard's entry point: ``streamlit run streamlit_app/app.py``."""

from pathlib import Path

import streamlit as st

from streamlit_app import frame, pieces
from streamlit_app.reader import choose_language, current_reader

LOGO = Path(__file__).with_name("logo.svg")


def main() -> None:
    """Draw what every page has, and the page that was asked for."""
    _ = current_reader().translate
    st.set_page_config(
        page_title="trainplat", page_icon=":material/cycle:", layout="wide", initial_sidebar_state="auto"
    )
    page = st.navigation(
        [
            st.Page("views/overview.py", title=_("Overview"), icon=":material/cycle:", default=True),
            st.Page("views/devices.py", title=_("GPUs and queue"), icon=":material/memory:", url_path="gpus"),
            st.Page(
                "views/comparison.py",
                title=_("Model comparison"),
                icon=":material/compare_arrows:",
                url_path="models",
            ),
        ]
    )
    st.logo(str(LOGO), size="large")
    choose_language()
    st.sidebar.caption(frame.home_line())
    st.html(pieces.STYLE)
    page.run()


if __name__ == "__main__":
    main()
