"""The likelihood of a mixed table: its columns, their coding, and the families that score them."""
