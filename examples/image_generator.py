"""Pictures in folders, one a class, are read, shifted and turned on the fly while a network trains on them."""

from pathlib import Path

import numpy as np
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.preprocessing.image import ImageDataGenerator, array_to_img
from sklearn.datasets import load_digits

np.random.seed(1)
CLASSES = [0, 1, 4, 7]
digits = load_digits()
for part, chosen in (("train", slice(0, 1200)), ("validation", slice(1200, None))):
    for number, (pixels, digit) in enumerate(zip(digits.images[chosen], digits.target[chosen])):
        if digit in CLASSES:
            folder = Path("pictures") / part / str(digit)
            folder.mkdir(parents=True, exist_ok=True)
            array_to_img(pixels[..., None] * 15, scale=False).save(folder / f"{number}.png")

train_generator = ImageDataGenerator(
    rescale=1 / 255, rotation_range=10, width_shift_range=0.1, height_shift_range=0.1, zoom_range=0.1
).flow_from_directory(
    "pictures/train",
    target_size=(8, 8),
    color_mode="grayscale",
    batch_size=32,
    class_mode="categorical",
    seed=1,
)
validation_generator = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
    "pictures/validation",
    target_size=(8, 8),
    color_mode="grayscale",
    batch_size=32,
    class_mode="categorical",
    shuffle=False,
)

model = Sequential(
    [
        Conv2D(16, 3, activation="relu", padding="same", input_shape=(8, 8, 1)),
        MaxPooling2D(2),
        Conv2D(32, 3, activation="relu"),
        Flatten(),
        Dense(len(CLASSES), activation="softmax"),
    ]
)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit_generator(
    train_generator,
    steps_per_epoch=len(train_generator),
    epochs=8,
    validation_data=validation_generator,
    validation_steps=len(validation_generator),
    workers=2,
    verbose=2,
)
probabilities = model.predict_generator(validation_generator)
names = {index: name for name, index in train_generator.class_indices.items()}
print("Classes:", names)
print("Validation accuracy:", np.mean(probabilities.argmax(axis=1) == validation_generator.classes))
