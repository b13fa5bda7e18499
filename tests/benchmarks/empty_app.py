"""An empty Streamlit page, with which the dashboard's pages are compared."""

import streamlit as st

st.title("Empty")
