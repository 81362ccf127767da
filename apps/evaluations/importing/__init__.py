"""Result files of evaluation tools, read into one form: a pure library, bounded, that says where a file is wrong."""

from apps.evaluations.importing.found import Found, Measured, Score
from apps.evaluations.importing.matching import Asked, Matched, match
from apps.evaluations.importing.reading import ImportProblem, Source
from apps.evaluations.importing.recognising import read

__all__ = ["Asked", "Found", "ImportProblem", "Matched", "Measured", "Score", "Source", "match", "read"]
