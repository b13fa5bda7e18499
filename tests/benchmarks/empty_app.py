"""The least that Streamlit can do, beside which the dashboard's pages are measured."""

import streamlit as st

st.title("Empty")
