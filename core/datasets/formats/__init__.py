"""One module a file format; `core.datasets.registry` names them all."""
