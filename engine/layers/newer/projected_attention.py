"""What layers of attention between projections of their inputs share."""

from __future__ import annotations

import string
from typing import Any

from engine import backend as K
from engine import constraints, initializers, regularizers
from engine.layers.base import is_shape_list, to_list
from engine.layers.composite import Composite
from engine.layers.description import describe
from engine.layers.newer.einsum_dense import EinsumDense

_ROLES = ("query", "value", "key")
_WEIGHTS = ("kernel", "bias")


class ProjectedAttention(Composite):
    """Attention between projections of its inputs.

    Called as `layer(query, value, key=None, attention_mask=None)` or with a list of these; `key` is `value` by default.

    Args:
        dropout: share of the scores that is dropped while training.
        use_bias: whether the projections have biases.
        kernel_initializer, bias_initializer: first values of their weights.
        kernel_regularizer, bias_regularizer: penalties on their weights.
        kernel_constraint, bias_constraint: applied to their weights after each step.
    """

    supports_masking = True

    def __init__(
        self,
        dropout: float = 0.0,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.query_dense: Any = None
        self.key_dense: Any = None
        self.value_dense: Any = None
        self.output_dense: Any = None
        self._roles: Any = _ROLES
        self._axes: tuple[int, ...] = (1,)
        super().__init__(**kwargs)
        self.dropout = dropout
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    @property
    def _wrapped(self) -> list[Any]:
        layers = (self.query_dense, self.key_dense, self.value_dense, self.output_dense)
        return [layer for layer in layers if layer is not None]

    def __call__(  # type: ignore[override]
        self, query: Any, value: Any = None, key: Any = None, attention_mask: Any = None, **kwargs: Any
    ) -> Any:
        """Call the layer.

        Args:
            query: what looks; or a list of all tensors, query and value first.
            value: what is found.
            key: what queries are compared with; `value` by default.
            attention_mask: (batch, queries, keys), True where a query may look.
            kwargs: what else `call` takes.
        """
        inputs = query
        if value is not None:
            further = {"key": key, "attention_mask": attention_mask}
            given = {name: tensor for name, tensor in further.items() if tensor is not None}
            inputs = [query, value, *given.values()]
            if attention_mask is not None:
                kwargs["roles"] = ["query", "value", *given]
        self._roles = kwargs.get("roles", _ROLES)
        return super().__call__(inputs, **kwargs)

    def _shapes(self, input_shape: Any) -> tuple[Any, Any, Any]:
        """Return the shapes of query, key and value.

        Raises:
            ValueError: there is only one.
        """
        if not is_shape_list(input_shape) or len(input_shape) < 2:
            raise ValueError(
                f"Layer {self.name} takes a query and a value, such as `layer(x, x)`. Found shape: {input_shape}"
            )
        shapes = dict(zip(self._roles, map(tuple, input_shape), strict=False))
        return shapes["query"], shapes.get("key", shapes["value"]), shapes["value"]

    def _project(self, name: str, shape: Any, sizes: tuple[int, int]) -> EinsumDense:
        """Make what turns the last axis of an input into heads."""
        axes = string.ascii_lowercase[: len(shape)]
        return self._make_dense(
            name, f"{axes},{axes[-1]}yz->{axes[:-1]}yz", "yz", (*shape[1:-1], *sizes), shape
        )

    def _make_dense(
        self, name: str, equation: str, biased: str, output_shape: Any, shape: Any
    ) -> EinsumDense:
        def again(part: Any, family: Any) -> Any:
            return family.deserialize(family.serialize(part)) if hasattr(part, "get_config") else part

        weights = {
            f"{weight}_{kind}": again(getattr(self, f"{weight}_{kind}"), family)
            for weight in _WEIGHTS
            for kind, family in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            )
        }
        bias_axes = biased if self.use_bias else None
        dense = EinsumDense(
            equation, output_shape, bias_axes=bias_axes, name=name, trainable=self.trainable, **weights
        )
        with K.name_scope(name):
            dense.build(shape)
        return dense

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        roles: list[str] | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return what the queries find.

        Args:
            inputs: query and value, and key and attention mask if need be.
            mask: the masks of the inputs.
            training: 0 or 1; the learning phase by default.
            roles: what the inputs are, where that is not query, value and key.
            return_attention_scores: whether to return also how each query shares its looks.
            use_causal_mask: whether no query may look at a later step.
        """
        tensors = dict(zip(roles or _ROLES, inputs, strict=False))
        tensors.setdefault("key", tensors["value"])
        masks = {
            name: item for name, item in zip(roles or _ROLES, to_list(mask), strict=False) if name in _ROLES
        }
        heads = self._make_heads(tensors)
        allowed = self._combine_masks(tensors, masks, use_causal_mask)
        found, scores = self._attend(heads, allowed, training, return_attention_scores)
        outputs = self.output_dense.call(found)
        return [outputs, scores] if return_attention_scores else outputs

    def _make_heads(self, tensors: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Return query, key and value as (batch, *space, heads, size)."""
        return (
            self.query_dense.call(tensors["query"]),
            self.key_dense.call(tensors["key"]),
            self.value_dense.call(tensors["value"]),
        )

    def _combine_masks(self, tensors: dict[str, Any], masks: dict[str, Any], causal: bool) -> Any:
        """Return where queries may look, of all that was said about it; None for everywhere.

        Raises:
            ValueError: a mask does not fit the axes over which queries look.
        """
        count = len(self._axes)
        ones = [1] * count
        parts = []
        if tensors.get("attention_mask") is not None:
            parts.append(K.cast(tensors["attention_mask"], "bool"))
        for name, mask in masks.items():
            if mask is None:
                continue
            if K.ndim(mask) != count + 1:
                raise ValueError(
                    f"Layer {self.name} attends over {count} axes, which a mask of {K.ndim(mask)} axes can't tell."
                )
            sizes = [K.shape(mask)[axis] for axis in range(1, count + 1)]
            parts.append(K.reshape(mask, (-1, *sizes, *ones) if name == "query" else (-1, *ones, *sizes)))
        if causal and count > 1:
            raise ValueError(f"Layer {self.name} attends over {count} axes, of which none is the time's.")
        if causal:
            parts.append(K.causal_mask(tensors["query"], tensors["key"]))
        if not parts:
            return None
        mask, *others = parts
        for other in others:
            mask = mask & other
        return mask

    def _attend(self, heads: tuple[Any, Any, Any], mask: Any, training: Any, with_scores: bool) -> Any:
        """Return what the queries find, and how they share their looks where that is asked for."""
        (query, key, value), axes = heads, self._axes
        if not with_scores and not self.dropout:
            return K.attend(query, key, value, axes, mask), None
        scores = K.attention_scores(query, key, axes, mask)
        shares = scores
        if self.dropout:
            shares = K.in_train_phase(lambda: K.dropout(scores, self.dropout), scores, training=training)
        return K.sum_by_scores(shares, query, value, axes), scores

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the query's mask."""
        return to_list(mask)[0]

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            **describe(
                self,
                "dropout",
                "use_bias",
                "kernel_initializer",
                "bias_initializer",
                "kernel_regularizer",
                "bias_regularizer",
                "kernel_constraint",
                "bias_constraint",
            ),
        }
