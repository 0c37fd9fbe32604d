"""The dashboard's entry point: ``streamlit run streamlit_app/app.py``."""

from pathlib import Path

import streamlit as st

from streamlit_app import frame, pieces
from streamlit_app.data import graph, sides, thumbnails
from streamlit_app.deployments import rollouts
from streamlit_app.gpu import bars, squares
from streamlit_app.models import slim
from streamlit_app.reader import choose_language, current_reader

LOGO = Path(__file__).with_name("logo.svg")


def main() -> None:
    """Draw what every page has, and the page that was asked for."""
    _ = current_reader().translate
    st.set_page_config(
        page_title="trainplat", page_icon=":material/cycle:", layout="wide", initial_sidebar_state="auto"
    )
    page = st.navigation(
        {
            "": [
                st.Page("views/overview.py", title=_("Overview"), icon=":material/cycle:", default=True),
                st.Page(
                    "views/comparison.py",
                    title=_("Model comparison"),
                    icon=":material/compare_arrows:",
                    url_path="models",
                ),
                st.Page(
                    "views/models.py",
                    title=_("Models"),
                    icon=":material/rocket_launch:",
                    url_path="live-models",
                ),
                st.Page("views/training.py", title=_("Training"), icon=":material/model_training:"),
                st.Page(
                    "views/active_learning.py",
                    title=_("Active learning"),
                    icon=":material/psychology_alt:",
                    url_path="active-learning",
                ),
                st.Page("views/pipelines.py", title=_("Pipelines"), icon=":material/flowchart:"),
                st.Page("views/data.py", title=_("Data"), icon=":material/account_tree:"),
            ],
            _("GPUs"): [
                st.Page("views/cluster.py", title=_("Cluster"), icon=":material/memory:"),
                st.Page("views/queue.py", title=_("Queue"), icon=":material/hourglass_top:"),
                st.Page("views/quotas.py", title=_("Quotas"), icon=":material/balance:"),
                st.Page("views/preemptions.py", title=_("Preemptions"), icon=":material/swap_horiz:"),
                st.Page("views/usage.py", title=_("Usage"), icon=":material/bar_chart:"),
                st.Page("views/notebooks.py", title=_("Notebooks"), icon=":material/note:"),
            ],
        }
    )
    st.logo(str(LOGO), size="large")
    choose_language()
    st.sidebar.caption(frame.home_line())
    st.html(
        pieces.STYLE
        + squares.STYLE
        + bars.STYLE
        + slim.STYLE
        + graph.STYLE
        + thumbnails.STYLE
        + sides.STYLE
        + rollouts.STYLE
    )
    page.run()


if __name__ == "__main__":
    main()
