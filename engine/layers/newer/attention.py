"""Attention without projections. Not in Keras 2.1.6: files of later lines name these layers."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import Layer, is_shape_list, to_list
from engine.layers.description import describe
from engine.layers.registry import register_layer

# Added to the scores of keys that may not be looked at.
_FORBIDDEN = -1e9


@register_layer()
class Attention(Layer):
    """Let each step of a query find a mix of values, by products of queries and keys.

    Called on a list of query, value and, if need be, key; `key` is `value` by default.

    Args:
        use_scale: whether the scores are multiplied by a learned number.
        score_mode: `dot` for products, `concat` for `tanh` of the sum of query and key.
        dropout: share of the scores that is dropped while training.

    Shapes:
        `(batch, queries, n)`, `(batch, keys, m)`, `(batch, keys, n)` to `(batch, queries, m)`; with
        `return_attention_scores` also `(batch, queries, keys)`.

    Raises:
        ValueError: the score mode is unknown.

    Source: Luong et al., Effective Approaches to Attention-based Neural Machine Translation (2015).
    """

    supports_masking = True

    def __init__(
        self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"`score_mode` must be dot or concat. Received: {score_mode!r}")
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout

    def build(self, input_shape: Any) -> None:
        """Make the scales.

        Raises:
            ValueError: there are not two or three inputs.
        """
        self._check_inputs(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight("scale", (), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight("concat_score_weight", (), initializer="ones")
        self.built = True

    def _check_inputs(self, input_shape: Any) -> None:
        if not is_shape_list(input_shape) or len(input_shape) not in (2, 3):
            raise ValueError(
                f"Layer {self.name} takes a list of query, value and, if need be, key. Found shapes: {input_shape}"
            )

    def _score(self, query: Any, key: Any) -> Any:
        if self.score_mode == "dot":
            scores = K.batch_dot(query, key, (2, 2))
            return scores if self.scale is None else scores * self.scale
        sums = K.expand_dims(query, 2) + K.expand_dims(key, 1)
        sums = sums if self.scale is None else sums * self.scale
        return self.concat_score_weight * K.sum(K.tanh(sums), axis=-1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return what the queries find.

        Args:
            inputs: query, value and, if need be, key.
            mask: their masks.
            training: 0 or 1; the learning phase by default.
            return_attention_scores: whether to return also how each query shares its looks.
            use_causal_mask: whether no query may look at a later step.
        """
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = [*to_list(mask), None][:2]
        scores = self._score(query, key)
        masks = [] if value_mask is None else [K.expand_dims(value_mask, 1)]
        masks += [K.causal_mask(query, key)] if use_causal_mask else []
        for forbidden in masks:
            scores = scores + _FORBIDDEN * (1.0 - K.cast(forbidden, K.dtype(scores)))
        shares = K.softmax(scores)
        if self.dropout:
            whole = shares
            shares = K.in_train_phase(lambda: K.dropout(whole, self.dropout), whole, training=training)
        found = K.batch_dot(shares, value, (2, 1))
        if query_mask is not None:
            found = found * K.cast(K.expand_dims(query_mask), K.dtype(found))
        return [found, shares] if return_attention_scores else found

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the query's mask."""
        return to_list(mask)[0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the query's shape with the value's last size."""
        return (*input_shape[0][:-1], input_shape[1][-1])

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "use_scale", "score_mode", "dropout")}


@register_layer()
class AdditiveAttention(Attention):
    """Let each step of a query find a mix of values, by `tanh` of the sums of queries and keys.

    Called on a list of query, value and, if need be, key; `key` is `value` by default.

    Args:
        use_scale: whether the cells of a sum are multiplied by learned numbers.
        dropout: share of the scores that is dropped while training.

    Shapes:
        As for `Attention`.

    Source: Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and Translate (2014).
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the scales.

        Raises:
            ValueError: there are not two or three inputs, or their last size is unknown.
        """
        self._check_inputs(input_shape)
        size = input_shape[0][-1]
        if self.use_scale and size is None:
            raise ValueError(f"Layer {self.name} needs to know the last size of {input_shape[0]}.")
        self.scale = self.add_weight("scale", (size,)) if self.use_scale else None
        self.built = True

    def _score(self, query: Any, key: Any) -> Any:
        sums = K.tanh(K.expand_dims(query, 2) + K.expand_dims(key, 1))
        return K.sum(sums if self.scale is None else sums * self.scale, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = super().get_config()
        del config["score_mode"]
        return config
