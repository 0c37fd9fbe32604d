"""The pages: each file is one page, run by Streamlit."""
