"""The commands that a person types outside a notebook."""
