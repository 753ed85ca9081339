"""What an engine costs, in words: the start of a function, and the room that its libraries take."""

from __future__ import annotations

# Over the start of an empty function, and unpacked; measured by `make bench`, see docs/benchmarks.md.
COLD_STARTS = {
    "native": "about that of an empty function: the tables are mapped, not loaded",
    "sklearn": "20 to 30 times that of an empty function: scikit-learn and its libraries are imported",
    "onnx": "about twice that of an empty function: ONNX Runtime's library is loaded, without its Python package",
}
LIBRARIES = {
    "native": "none beside a kernel of a few kilobytes",
    "sklearn": "about 230 MB of the 250 that Lambda takes, and 120 MB of memory and more",
    "onnx": "about 35 MB of the 250 that Lambda takes",
}
