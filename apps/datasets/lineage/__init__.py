"""Where data comes from and what became of it: the registry, the walk, the picture, and the formats it is read from.

An app above joins without a change here: it registers its subjects with ``apps.core.subjects`` as ever, then
``registry.offer_kind`` says how one looks in a picture and ``registry.offer`` what went into what.
"""
