"""How pictures in [0, 1] are normalised for networks that were trained on ImageNet."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
"""Mean of red, green and blue over ImageNet, as torchvision and timm have it."""
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Their standard deviations."""
