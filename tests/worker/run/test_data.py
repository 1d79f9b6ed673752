import numpy as np

from core.datasets.selection import Arrays
from worker.run.data import make_fit_arguments

X, Y, WEIGHT = np.zeros((4, 2)), np.zeros(4), np.ones(4)


def test_arguments_that_were_not_given_are_left_to_keras() -> None:
    fit = {"epochs": 3, "batch_size": None, "validation_split": 0.1}
    arguments = make_fit_arguments(fit, Arrays(X, Y, None), None, ["out"])
    assert arguments.keys() == {"epochs", "validation_split", "x", "y", "sample_weight"}
    assert arguments["sample_weight"] is None


def test_validation_comes_with_its_weights() -> None:
    arguments = make_fit_arguments({}, Arrays(X, Y, None), Arrays(X, Y, None), ["out"])
    assert len(arguments["validation_data"]) == 2
    arguments = make_fit_arguments({}, Arrays(X, Y, WEIGHT), Arrays(X, Y, WEIGHT), ["out"])
    assert len(arguments["validation_data"]) == 3
    assert arguments["sample_weight"] is WEIGHT


def test_each_of_several_outputs_gets_the_weights() -> None:
    arguments = make_fit_arguments({}, Arrays(X, {"a": Y, "b": Y}, WEIGHT), None, ["a", "b"])
    assert arguments["sample_weight"].keys() == {"a", "b"}


def test_classes_of_weights_become_numbers_also_by_output() -> None:
    def number(class_weight: object) -> object:
        return make_fit_arguments({"class_weight": class_weight}, Arrays(X, Y, None), None, ["a"])[
            "class_weight"
        ]

    assert number({"0": 1.0, "1": 2.5}) == {0: 1.0, 1: 2.5}
    assert number({"a": {"0": 1.0}, "b": {"3": 2.0}}) == {"a": {0: 1.0}, "b": {3: 2.0}}
