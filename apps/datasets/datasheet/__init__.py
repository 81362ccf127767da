"""The datasheet of a version: read once; shown as a page, as a PDF and as Croissant JSON-LD, of the same content.

Its questions follow Gebru et al., "Datasheets for Datasets" (2021): motivation, composition, collection,
preprocessing, uses, distribution and maintenance, answered from records alone.
"""
