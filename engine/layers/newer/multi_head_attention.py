"""Attention with several heads. Not in Keras 2.1.6: files of later lines name these layers."""

from __future__ import annotations

import string
from typing import Any

from engine import backend as K
from engine.layers.base import to_list
from engine.layers.description import describe
from engine.layers.newer.projected_attention import ProjectedAttention
from engine.layers.registry import register_layer
from engine.layers.sizes import check_size


@register_layer()
class MultiHeadAttention(ProjectedAttention):
    """Let each step of a query find a mix of values, by several heads at once.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values; `key_dim` by default.
        dropout: share of the scores that is dropped while training.
        use_bias: whether the projections have biases.
        output_shape: sizes of the output's last axes; the query's last by default.
        attention_axes: axes over which queries look; all but the first and the last by default.
        kwargs: initializers, regularizers and constraints of `kernel` and `bias` of the projections.

    Shapes:
        `(batch, queries, n)`, `(batch, keys, m)` and, if need be, `(batch, keys, k)` to `(batch, queries, n)`; with
        `return_attention_scores` also `(batch, heads, queries, keys)`.

    Source: Vaswani et al., Attention Is All You Need (2017).
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dropout=dropout, use_bias=use_bias, **kwargs)
        self.num_heads = check_size(num_heads, "num_heads")
        self.key_dim = check_size(key_dim, "key_dim")
        self.value_dim = check_size(value_dim or key_dim, "value_dim")
        self.last_sizes = output_shape
        self.attention_axes = attention_axes

    def build(self, input_shape: Any) -> None:
        """Make the projections.

        Raises:
            ValueError: a size is unknown, or the inputs do not fit each other.
        """
        query, key, value = self._shapes(input_shape)
        rank = len(query)
        self._axes = tuple(
            range(1, rank - 1)
            if self.attention_axes is None
            else (axis % rank for axis in to_list(self.attention_axes))
        )
        heads = self.num_heads
        self.query_dense = self._project("query", query, (heads, self.key_dim))
        self.key_dense = self._project("key", key, (heads, self.key_dim))
        self.value_dense = self._project("value", value, (heads, self.value_dim))
        axes = string.ascii_lowercase[: rank - 1]
        last = self._last_sizes(query)
        outer = string.ascii_uppercase[: len(last)]
        self.output_dense = self._make_dense(
            "attention_output",
            f"{axes}yz,yz{outer}->{axes}{outer}",
            outer,
            (*query[1:-1], *last),
            (*query[:-1], heads, self.value_dim),
        )
        self.built = True

    def _last_sizes(self, query_shape: Any) -> tuple[int, ...]:
        return (query_shape[-1],) if self.last_sizes is None else tuple(to_list(self.last_sizes))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the query's shape with the output's last sizes."""
        query = tuple(input_shape[0])
        return (*query[:-1], *self._last_sizes(query))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            "output_shape": self.last_sizes,
            **describe(self, "num_heads", "key_dim", "value_dim", "attention_axes"),
        }


@register_layer("GroupQueryAttention")
class GroupedQueryAttention(ProjectedAttention):
    """Multi-head attention in which groups of query heads share a head of keys and values.

    Args:
        head_dim: size of a head.
        num_query_heads: number of heads of queries.
        num_key_value_heads: number of heads of keys and values, which divides that of queries.
        kwargs: as for `MultiHeadAttention`.

    Shapes:
        `(batch, queries, n)`, `(batch, keys, m)` and, if need be, `(batch, keys, k)` to `(batch, queries, n)`.

    Raises:
        ValueError: the numbers of heads do not fit.

    Source: Ainslie et al., GQA: Training Generalized Multi-Query Transformer Models (2023).
    """

    def __init__(self, head_dim: int, num_query_heads: int, num_key_value_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.head_dim = check_size(head_dim, "head_dim")
        self.num_query_heads = check_size(num_query_heads, "num_query_heads")
        self.num_key_value_heads = check_size(num_key_value_heads, "num_key_value_heads")
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                f"`num_query_heads` must be a multiple of `num_key_value_heads`. Received: {num_query_heads} and "
                f"{num_key_value_heads}"
            )

    def build(self, input_shape: Any) -> None:
        """Make the projections.

        Raises:
            ValueError: the size of a last axis is unknown.
        """
        query, key, value = self._shapes(input_shape)
        self.query_dense = self._project("query", query, (self.num_query_heads, self.head_dim))
        self.key_dense = self._project("key", key, (self.num_key_value_heads, self.head_dim))
        self.value_dense = self._project("value", value, (self.num_key_value_heads, self.head_dim))
        self.output_dense = self._make_dense(
            "attention_output",
            "abyz,yzc->abc",
            "c",
            (query[1], query[-1]),
            (*query[:-1], self.num_query_heads, self.head_dim),
        )
        self.built = True

    def _make_heads(self, tensors: dict[str, Any]) -> tuple[Any, Any, Any]:
        query, key, value = super()._make_heads(tensors)
        group = self.num_query_heads // self.num_key_value_heads
        return query, K.repeat_elements(key, group, axis=2), K.repeat_elements(value, group, axis=2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the query's shape."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            **describe(self, "head_dim", "num_query_heads", "num_key_value_heads"),
        }
