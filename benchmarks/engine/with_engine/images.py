"""Models of images."""

from __future__ import annotations

from typing import Any

from engine.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    UpSampling2D,
    add,
)
from engine.models import Model, Sequential


def _compile(model: Model, loss: str = "sparse_categorical_crossentropy") -> Model:
    model.compile("adam", loss)
    return model


def mnist_cnn() -> Model:
    """The convolutional network of Keras's MNIST example."""
    return _compile(
        Sequential(
            [
                Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1)),
                Conv2D(64, 3, activation="relu"),
                MaxPooling2D(2),
                Dropout(0.25),
                Flatten(),
                Dense(128, activation="relu"),
                Dropout(0.5),
                Dense(10, activation="softmax"),
            ]
        )
    )


def vgg() -> Model:
    """The manual's VGG-like network."""
    return _compile(
        Sequential(
            [
                Conv2D(32, 3, activation="relu", input_shape=(100, 100, 3)),
                Conv2D(32, 3, activation="relu"),
                MaxPooling2D(2),
                Dropout(0.25),
                Conv2D(64, 3, activation="relu"),
                Conv2D(64, 3, activation="relu"),
                MaxPooling2D(2),
                Dropout(0.25),
                Flatten(),
                Dense(256, activation="relu"),
                Dropout(0.5),
                Dense(10, activation="softmax"),
            ]
        )
    )


def _normalized(x: Any, filters: int) -> Any:
    return BatchNormalization()(Conv2D(filters, 3, padding="same", use_bias=False)(x))


def resnet() -> Model:
    """Three residual blocks, normalized by batch."""
    image = Input((32, 32, 3))
    x = Activation("relu")(_normalized(image, 16))
    for _ in range(3):
        inner = Activation("relu")(_normalized(x, 16))
        x = Activation("relu")(add([x, _normalized(inner, 16)]))
    return _compile(Model(image, Dense(10, activation="softmax")(GlobalAveragePooling2D()(x))))


def mobilenet_block() -> Model:
    """Two of MobileNet's blocks: depthwise, then pointwise."""
    model = Sequential()
    model.add(Conv2D(32, 3, padding="same", use_bias=False, input_shape=(56, 56, 3)))
    for filters in (64, 64):
        model.add(DepthwiseConv2D(3, padding="same", use_bias=False))
        model.add(BatchNormalization())
        model.add(Activation("relu"))
        model.add(Conv2D(filters, 1, use_bias=False))
        model.add(BatchNormalization())
        model.add(Activation("relu"))
    model.add(GlobalAveragePooling2D())
    model.add(Dense(10, activation="softmax"))
    return _compile(model)


def autoencoder() -> Model:
    """Two halvings and two doublings."""
    model = Sequential()
    model.add(Conv2D(16, 3, activation="relu", padding="same", input_shape=(28, 28, 1)))
    model.add(MaxPooling2D(2))
    model.add(Conv2D(8, 3, activation="relu", padding="same"))
    model.add(MaxPooling2D(2))
    for filters in (8, 16):
        model.add(Conv2D(filters, 3, activation="relu", padding="same"))
        model.add(UpSampling2D(2))
    model.add(Conv2D(1, 3, activation="sigmoid", padding="same"))
    return _compile(model, "binary_crossentropy")
