"""A class on one server: names, the teacher's role, and what is kept about them in the home folder."""
