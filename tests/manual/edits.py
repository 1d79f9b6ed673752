"""What is changed in the manual's samples before they run, by sample: the text printed, and what takes its place."""

from __future__ import annotations

Edits = dict[str, list[tuple[str, str]]]

# What was damaged, left out or never right in print.
REPAIRS: Edits = {
    # The error that the text shows below the line that raises it.
    "s03_2_6_outputs": [
        (
            "lstm.output\n\n>> AttributeError: Layer lstm_1 has multiple inbound nodes,\n"
            'hence the notion of "layer output" is ill-defined.\n'
            "Use `get_output_at(node_index)` instead.",
            "try:\n    lstm.output\nexcept AttributeError as error:\n    refusal = str(error)",
        )
    ],
    # The way out of the endless loop stands outside it.
    "s06_3_1_flow": [
        ("    if batches >= len(x_train) / 32:", "        if batches >= len(x_train) / 32:"),
        ("        break", "            break"),
    ],
    # A bracket is missing, and the text leaves out what is trained on what.
    "s11_1_13_lambda_callbacks": [
        (
            "p.terminate() for p in processes if p.is_alive())",
            "p.terminate() for p in processes if p.is_alive()])",
        ),
        ("processes = ...", "processes = started_processes"),
        ("model.fit(...,", "model.fit(x_train, y_train,"),
    ],
    # The text leaves out the data.
    "s13_2_4_inception_v3": [("model.fit_generator(...)", "model.fit_generator(batches, steps_per_epoch=1)")],
    "s20_1_custom_objects": [("Dense(...,", "Dense(4,")],
    # The first layer would have to return sequences for a second one, in every Keras.
    "n1_recurrent": [
        (
            "model.add(LSTM(32, input_dim=64, input_length=10))",
            "model.add(LSTM(32, input_dim=64, input_length=10, return_sequences=True))",
        )
    ],
    # Lists of arguments, not calls.
    "n4_fit": [("x=None, #", "x=x, #"), ("y=None, #", "y=y, #")],
    "n4_fit_generator": [
        ("generator, #", "generator=generator, #"),
        ("steps_per_epoch, #", "steps_per_epoch=4, #"),
    ],
    # TensorFlow's own variables and sessions.
    "s14_5_is_keras_tensor": [
        (
            ">>> k_var = tf.placeholder('float32', shape=(1,1))\n"
            ">>> K.is_keras_tensor(k_var) # 在 Keras 之外间接创建的变量不是 Keras 张量。\n"
            "False\n",
            "",
        )
    ],
    "s14_5_shape": [
        (">>> tf_session = K.get_session()\n", ""),
        (
            "# 要得到整数尺寸 (相反, 你可以使用 K.int_shape(x))\n"
            ">>> K.shape(kvar).eval(session=tf_session)\n"
            "array([2, 2], dtype=int32)\n"
            ">>> K.shape(inputs).eval(session=tf_session)\n"
            "array([2, 4, 5], dtype=int32)\n",
            "",
        ),
    ],
    # The text gives the inputs two names.
    "s03_3_4_2_device_parallel": [("tweet_", "input_")],
    # The manual's machine has eight GPUs.
    "s20_9_multi_gpu": [("gpus=8", "gpus=2, devices=['/cpu:0', '/cpu:0']")],
    "s03_3_4_1_data_parallel": [("gpus=8", "gpus=2, devices=['/cpu:0', '/cpu:0']")],
}

# Long trainings and large data, made small; and files, put in the folder of the test.
SIZES: Edits = {
    "s03_1_5_3_vgg": [
        ("(100, 100, 100, 3)", "(4, 20, 20, 3)"),
        ("(20, 100, 100, 3)", "(4, 20, 20, 3)"),
        ("(100, 100, 3)", "(20, 20, 3)"),
        ("size=(100, 1)", "size=(4, 1)"),
        ("size=(20, 1)", "size=(4, 1)"),
        ("epochs=10", "epochs=2"),
    ],
    "s03_1_5_4_lstm": [("epochs=10", "epochs=2")],
    "s03_1_5_5_convolution": [("epochs=10", "epochs=2")],
    "s03_2_4_many_outputs": [("epochs=50", "epochs=2")],
    "s03_2_5_shared_layer": [("(140, 256)", "(14, 8)"), ("epochs=10", "epochs=2")],
    "s03_3_4_1_data_parallel": [("epochs=20", "epochs=2")],
    "s04_2_3_8_generator": [("steps_per_epoch=1000", "steps_per_epoch=10"), ("/my_file.txt", "my_file.txt")],
    "s04_3_3_8_generator": [("steps_per_epoch=10000", "steps_per_epoch=10"), ("/my_file.txt", "my_file.txt")],
    "s06_3_1_folders": [
        ("(150, 150)", "(15, 15)"),
        ("steps_per_epoch=2000", "steps_per_epoch=2"),
        ("epochs=50", "epochs=2"),
        ("validation_steps=800", "validation_steps=2"),
    ],
    "s06_3_1_masks": [("steps_per_epoch=2000", "steps_per_epoch=2"), ("epochs=50", "epochs=2")],
    "s20_9_multi_gpu": [
        ("num_samples = 1000", "num_samples = 4"),
        ("224", "71"),
        ("num_classes = 1000", "num_classes = 10"),
        ("epochs=20", "epochs=1"),
    ],
    "s11_2_2_checkpoint": [("/tmp/weights.hdf5", "weights.hdf5")],
}
