"""Models with weights trained on ImageNet (manual, chapter 13).

Their arguments:

- include_top: whether the model ends in classes, or in the features below them.
- weights: `imagenet` to download those trained on ImageNet, the path of a file, or None to begin at random.
- input_tensor: a tensor to begin with, such as `Input(...)` or another layer's output.
- input_shape: shape of the images, such as `(200, 200, 3)`; the model's own size by default, and any size where
  `include_top` is False.
- pooling: how features are pooled over rows and columns where `include_top` is False: `avg`, `max`, or None.
- classes: number of classes where `include_top` is True and weights are not those of ImageNet.
"""

from engine.applications import (
    densenet,
    imagenet_utils,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenetv2,
    nasnet,
    resnet50,
    vgg16,
    vgg19,
    xception,
)
from engine.applications.densenet import DenseNet121, DenseNet169, DenseNet201
from engine.applications.inception_resnet_v2 import InceptionResNetV2
from engine.applications.inception_v3 import InceptionV3
from engine.applications.mobilenet import MobileNet
from engine.applications.mobilenetv2 import MobileNetV2
from engine.applications.nasnet import NASNetLarge, NASNetMobile
from engine.applications.resnet50 import ResNet50
from engine.applications.vgg16 import VGG16
from engine.applications.vgg19 import VGG19
from engine.applications.xception import Xception

__all__ = [
    "VGG16",
    "VGG19",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet50",
    "Xception",
    "densenet",
    "imagenet_utils",
    "inception_resnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenetv2",
    "nasnet",
    "resnet50",
    "vgg16",
    "vgg19",
    "xception",
]
