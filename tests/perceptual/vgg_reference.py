"""VGG16 written in PyTorch, as a reference, and weights and an image that are formulas.

Nothing here imports PyTorch until it is needed: where it is not installed, the formulas still serve
the test that compares with what PyTorch gave (``make_vgg_fixture.py``).
"""

import numpy as np

# Layers of the convolutional part: channels as multiples of nothing but themselves, M for pooling.
PLAN = (1, 1, "M", 2, 2, "M", 3, 3, 3, "M", 4, 4, 4, "M", 5, 5, 5, "M")
HEAD = ("classifier.0", "classifier.1", "classifier.3", "classifier.4", "classifier.6")
#: Small enough for any machine, all different so that no two axes can be confused.
WIDTHS = (4, 5, 6, 7, 8)
HEAD_WIDTHS = (12, 11, 10)


def shapes(widths, head_widths=None):
    """Torchvision's tensors: name -> shape."""
    found, index, inputs = {}, 0, 3
    for step in PLAN:
        if step == "M":
            index += 1
            continue
        outputs = widths[step - 1]
        found[f"features.{index}.weight"] = (outputs, inputs, 3, 3)
        found[f"features.{index}.bias"] = (outputs,)
        index, inputs = index + 2, outputs
    if head_widths is not None:
        inputs *= 49
        for name, outputs in zip(HEAD[::2], head_widths, strict=True):
            found[f"{name}.weight"] = (outputs, inputs)
            found[f"{name}.bias"] = (outputs,)
            inputs = outputs
    return found


def formula_weights(widths=WIDTHS, head_widths=None):
    """float64 weights without a random number generator: sines of an incommensurate step."""
    weights = {}
    for number, (name, shape) in enumerate(shapes(widths, head_widths).items()):
        waves = np.sin(1.7 * number + 2.399963 * np.arange(np.prod(shape))).reshape(shape)
        # A sine has variance 1/2; this keeps the variance of signals through a ReLU.
        scale = 0.1 if len(shape) == 1 else np.sqrt(4 / np.prod(shape[1:]))
        weights[name] = scale * waves
    return weights


def formula_image(height=224, width=224):
    """One image [1, height, width, 3] in [0, 1]: waves of another length in each color."""
    rows, columns = np.mgrid[:height, :width]
    colors = [0.5 + 0.5 * np.sin(rows * a + columns * b) for a, b in ((0.3, 0.1), (0.05, 0.4))]
    return np.stack([*colors, (rows + columns) / (height + width)], axis=-1)[None]


def timm_layout(weights):
    """The same tensors under timm's names and in its shapes."""
    renamed = {}
    for name, value in weights.items():
        for old, new, shape in (
            ("classifier.0", "pre_logits.fc1", (-1, 7, 7)),
            ("classifier.3", "pre_logits.fc2", (-1, 1, 1)),
            ("classifier.6", "head.fc", None),
        ):
            if name.startswith(old):
                name = name.replace(old, new)
                if shape and value.ndim == 2:
                    value = value.reshape(len(value), *shape)
        renamed[name] = value
    return renamed


def torch_taps(weights, images):
    """Every tap of a PyTorch VGG16 in the weights' precision: name -> [batch, h, w, channels].

    The names are torchvision's; ReLUs do not work in place here.
    """
    import torch

    state = {name: torch.as_tensor(value) for name, value in weights.items()}
    layers = {}
    index = 0
    for step in PLAN:
        if step == "M":
            layers[f"features.{index}"] = torch.nn.MaxPool2d(2, 2)
            index += 1
            continue
        outputs, inputs = state[f"features.{index}.weight"].shape[:2]
        layers[f"features.{index}"] = torch.nn.Conv2d(inputs, outputs, 3, padding=1)
        layers[f"features.{index + 1}"] = torch.nn.ReLU()
        index += 2
    if f"{HEAD[0]}.weight" in state:
        for name in HEAD:
            if f"{name}.weight" in state:
                outputs, inputs = state[f"{name}.weight"].shape
                layers[name] = torch.nn.Linear(inputs, outputs)
            else:
                layers[name] = torch.nn.ReLU()
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[..., None, None]
    x = torch.as_tensor(images).permute(0, 3, 1, 2)
    x = (x - mean.to(x)) / deviation.to(x)
    taps = {}
    with torch.no_grad():
        for name, layer in layers.items():
            if name == HEAD[0]:
                x = torch.flatten(x, 1)
            for part in ("weight", "bias"):
                if hasattr(layer, part):
                    setattr(layer, part, torch.nn.Parameter(state[f"{name}.{part}"]))
            x = layer(x)
            taps[name] = (x[:, :, None, None] if x.ndim == 2 else x).permute(0, 2, 3, 1).numpy()
    return taps
