"""The whole book as one PDF: its rendered pages, put together for paper and printed by Chromium."""
