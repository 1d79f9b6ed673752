"""An image takes over another's texture while it keeps its content, by K.function and L-BFGS (Gatys et al., 2015)."""

import numpy as np
from keras import backend as K
from keras.layers import AveragePooling2D, Conv2D, Input
from keras.models import Model
from scipy.optimize import fmin_l_bfgs_b

np.random.seed(1)
SIZE = 16
rows, columns = np.mgrid[:SIZE, :SIZE]
content = np.exp(-((rows - 8) ** 2 + (columns - 8) ** 2) / 20.0)[None, :, :, None].astype("float32")
style = ((rows + columns) % 4 < 2).astype("float32")[None, :, :, None]

combination = K.placeholder((1, SIZE, SIZE, 1))
images = K.concatenate([K.variable(content), K.variable(style), combination], axis=0)
inputs = Input(tensor=images, shape=(SIZE, SIZE, 1))
first = Conv2D(12, 3, activation="relu", padding="same", name="block1")(inputs)
second = Conv2D(12, 3, activation="relu", padding="same", name="block2")(AveragePooling2D(2)(first))
model = Model(inputs, second)
outputs = {layer.name: layer.output for layer in model.layers}


def gram_matrix(features):
    flat = K.batch_flatten(K.permute_dimensions(features, (2, 0, 1)))
    return K.dot(flat, K.transpose(flat)) / K.cast(K.prod(K.shape(features)), K.floatx())


content_loss = K.mean(K.square(outputs["block2"][2] - outputs["block2"][0]))
style_loss = sum(
    K.mean(K.square(gram_matrix(outputs[name][1]) - gram_matrix(outputs[name][2])))
    for name in ("block1", "block2")
)
smoothness = K.mean(K.square(combination[:, 1:] - combination[:, :-1]))
loss = content_loss + 50 * style_loss + 0.001 * smoothness
evaluate = K.function([combination], [loss, style_loss, K.gradients(loss, combination)[0]])


def loss_and_gradient(flat):
    found, _, gradient = evaluate([flat.reshape(1, SIZE, SIZE, 1)])
    return float(found), gradient.ravel().astype("float64")


picture = np.random.uniform(size=SIZE * SIZE)
before = evaluate([picture.reshape(1, SIZE, SIZE, 1)])
for iteration in range(4):
    picture, found, _ = fmin_l_bfgs_b(loss_and_gradient, picture, maxfun=20)
    print(f"iteration {iteration}: loss {found:.6f}")
after = evaluate([picture.reshape(1, SIZE, SIZE, 1)])
print("Share of the loss that is left:", after[0] / before[0])
