"""Sphinx settings."""

project = "Fourgate"
author = "The Fourgate team"
copyright = "2026, the Fourgate team"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Fourgate"
html_static_path = ["static"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
