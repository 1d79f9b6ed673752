"""A network as a scikit-learn classifier, its size and rate found by cross-validated search."""

import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import Adam
from keras.wrappers.scikit_learn import KerasClassifier
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

np.random.seed(1)


def make_model(units=8, lr=0.01):
    model = Sequential([Dense(units, activation="relu", input_dim=4), Dense(3, activation="softmax")])
    model.compile(Adam(lr), "categorical_crossentropy", metrics=["accuracy"])
    return model


x, y = load_iris(return_X_y=True)
order = np.random.permutation(len(x))
x, y = x[order], y[order]
search = GridSearchCV(
    make_pipeline(StandardScaler(), KerasClassifier(make_model, epochs=20, batch_size=16, verbose=0)),
    {"kerasclassifier__units": [4, 16], "kerasclassifier__lr": [0.001, 0.02]},
    cv=3,
)
search.fit(x[:120], y[:120])
print("Best arguments:", search.best_params_)
print("Test accuracy:", search.score(x[120:], y[120:]))
