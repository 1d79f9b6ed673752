"""The symbolic graph: tensors, the operations between them, layer calls, and ways to walk it."""

from engine.graph.node import Node
from engine.graph.operation import Operation
from engine.graph.structure import flatten, map_structure
from engine.graph.tensor import Tensor
from engine.graph.traversal import find_sources, sort_operations

__all__ = ["Node", "Operation", "Tensor", "find_sources", "flatten", "map_structure", "sort_operations"]
