"""What the authors' MATLAB files compute, from the formulas of the papers, in numpy and scipy and float64.

One image at a time: an array (height, width, 3), or (height, width) if grey, with values 0..255.
Nothing here knows piq or torch.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import convolve2d

ImageArray = NDArray[np.float64]

SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2


def rgb2gray(image: ImageArray) -> ImageArray:
    """``rgb2gray`` of a uint8 image: rounded half up."""
    scaled: ImageArray = 2989 * image[..., 0] + 5870 * image[..., 1] + 1140 * image[..., 2]
    return np.floor((scaled + 5000) / 10000)  # integers, so halves are exact


def rgb2ycbcr_luma(image: ImageArray) -> ImageArray:
    """The first plane of ``rgb2ycbcr`` of a uint8 image, 16..235."""
    red, green, blue = (image[..., channel] for channel in range(3))
    scaled: ImageArray = 65481 * red + 128553 * green + 24966 * blue
    return 16 + np.floor((scaled + 127500) / 255000)  # integers, so halves are exact


def psnr(distorted: ImageArray, reference: ImageArray) -> float:
    """``psnr.m``: 10 log10(255^2 / mse)."""
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(255**2 / np.mean((distorted - reference) ** 2)))


def ssim_index(distorted: ImageArray, reference: ImageArray) -> tuple[float, float]:
    """``ssim_index.m`` (Wang 2004) of grey images: mean SSIM and mean contrast-structure term."""
    window = gaussian_window(11, 1.5)

    def local(image: ImageArray) -> ImageArray:
        averages: ImageArray = convolve2d(image, window, mode="valid")
        return averages

    mean_d, mean_r = local(distorted), local(reference)
    variance_d = local(distorted**2) - mean_d**2
    variance_r = local(reference**2) - mean_r**2
    covariance = local(distorted * reference) - mean_d * mean_r
    contrast = (2 * covariance + C2) / (variance_d + variance_r + C2)
    luminance = (2 * mean_d * mean_r + C1) / (mean_d**2 + mean_r**2 + C1)
    return float((luminance * contrast).mean()), float(contrast.mean())


def msssim(distorted: ImageArray, reference: ImageArray) -> float:
    """``msssim.m`` (Wang 2003) of grey images, method "product"."""
    result = 1.0
    for scale, weight in enumerate(SSIM_WEIGHTS):
        if scale:
            distorted, reference = averaged_symmetric(distorted, 2), averaged_symmetric(reference, 2)
        full, contrast = ssim_index(distorted, reference)
        result *= (full if scale == len(SSIM_WEIGHTS) - 1 else contrast) ** weight
    return result


def gmsd(distorted: ImageArray, reference: ImageArray) -> float:
    """``GMSD.m`` (Xue 2014) of grey images; ``std2`` divides by n - 1."""
    horizontal = np.array([[1.0, 0, -1]] * 3) / 3
    strengths = []
    for image in (distorted, reference):
        small = convolve_same(image, np.full((2, 2), 0.25))[::2, ::2]
        along, across = convolve_same(small, horizontal), convolve_same(small, horizontal.T)
        strengths.append(np.hypot(along, across))
    first, second = strengths
    return float(np.std((2 * first * second + 170) / (first**2 + second**2 + 170), ddof=1))


def vifp_mscale(distorted: ImageArray, reference: ImageArray) -> float:
    """``vifp_mscale.m`` (Sheikh 2006, pixel domain) of grey images."""
    gained, total = 0.0, 0.0
    for scale in range(1, 5):
        size = 2 ** (5 - scale) + 1
        window = gaussian_window(size, size / 5)
        if scale > 1:
            distorted = convolve2d(distorted, window, mode="valid")[::2, ::2]
            reference = convolve2d(reference, window, mode="valid")[::2, ::2]
        mean_d = convolve2d(distorted, window, mode="valid")
        mean_r = convolve2d(reference, window, mode="valid")
        variance_d = np.maximum(convolve2d(distorted**2, window, mode="valid") - mean_d**2, 0)
        variance_r = np.maximum(convolve2d(reference**2, window, mode="valid") - mean_r**2, 0)
        covariance = convolve2d(distorted * reference, window, mode="valid") - mean_d * mean_r
        gain = covariance / (variance_r + 1e-10)
        noise = variance_d - gain * covariance
        gain[variance_r < 1e-10] = 0
        noise[variance_r < 1e-10] = variance_d[variance_r < 1e-10]
        variance_r[variance_r < 1e-10] = 0
        noise[variance_d < 1e-10] = 0
        gain[variance_d < 1e-10] = 0
        noise[gain < 0] = variance_d[gain < 0]
        gain = np.maximum(gain, 0)
        noise = np.maximum(noise, 1e-10)
        gained += float(np.log10(1 + gain**2 * variance_r / (noise + 2)).sum())
        total += float(np.log10(1 + variance_r / 2).sum())
    return gained / total


def haarpsi(distorted: ImageArray, reference: ImageArray) -> float:
    """``HaarPSI.m`` (Reisenhofer 2018) of colour images, with its subsampling."""
    planes = [
        [convolve_same(plane, np.full((2, 2), 0.25))[::2, ::2] for plane in yiq(p)] for p in (distorted, reference)
    ]
    similarities, weights = [], []
    details = [haar_coefficients(channels[0]) for channels in planes]
    for orientation in range(2):
        first, second = (np.abs(coefficients[orientation]) for coefficients in details)
        weights.append(np.maximum(first[2], second[2]))
        similarities.append(similarity(first[:2], second[:2], 30).mean(axis=0))
    chroma = [np.abs([convolve_same(plane, np.full((2, 2), 0.25)) for plane in channels[1:]]) for channels in planes]
    similarities.append(similarity(chroma[0], chroma[1], 30).mean(axis=0))
    weights.append((weights[0] + weights[1]) / 2)
    squashed = 1 / (1 + np.exp(-4.2 * np.array(similarities)))
    mean = (squashed * np.array(weights)).sum() / np.array(weights).sum()
    return float((np.log(mean / (1 - mean)) / 4.2) ** 2)


def ssim_m(distorted: ImageArray, reference: ImageArray) -> float:
    """``ssim.m``: ``ssim_index.m`` after averaging down to a shorter side near 256."""
    size = matlab_round(min(reference.shape) / 256)
    return ssim_index(averaged_symmetric(distorted, size), averaged_symmetric(reference, size))[0]


def mdsi(distorted: ImageArray, reference: ImageArray) -> float:
    """``MDSI.m`` (Ziaei Nafchi 2016), combination "sum", of colour images."""
    size = max(1, matlab_round(min(reference.shape[:2]) / 256))
    box = np.full((size, size), size**-2.0)
    matrix = np.array([[0.2989, 0.5870, 0.1140], [0.30, 0.04, -0.35], [0.34, -0.60, 0.17]])
    lhm = []
    for image in (distorted, reference):
        small = np.stack([convolve_same(image[..., c], box)[::size, ::size] for c in range(3)], axis=-1)
        lhm.append(np.moveaxis(small @ matrix.T, -1, 0))
    (light_d, h_d, m_d), (light_r, h_r, m_r) = lhm
    edge_d, edge_r, edge_f = (prewitt(plane) for plane in (light_d, light_r, (light_d + light_r) / 2))
    edges = similarity(edge_d, edge_r, 140) + similarity(edge_d, edge_f, 55) - similarity(edge_r, edge_f, 55)
    colours = (2 * (h_d * h_r + m_d * m_r) + 550) / (h_d**2 + h_r**2 + m_d**2 + m_r**2 + 550)
    quality = (0.6 * edges + 0.4 * colours).astype(complex) ** 0.25
    return float(np.abs(quality - quality.mean()).mean() ** 0.25)


def gaussian_window(size: int, sigma: float) -> ImageArray:
    """``fspecial('gaussian', size, sigma)``."""
    steps = np.arange(size) - (size - 1) / 2
    window = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * sigma**2))
    normalised: ImageArray = window / window.sum()
    return normalised


def averaged_symmetric(image: ImageArray, size: int) -> ImageArray:
    """``imfilter(image, ones(size) / size^2, 'symmetric')`` and every ``size``-th sample."""
    before = (size + 1) // 2 - 1  # the centre of an even window lies left of its middle
    padded = np.pad(image, ((before, size), (before, size)), mode="symmetric")
    height, width = image.shape
    total = np.zeros_like(image)
    for row in range(size):
        for column in range(size):
            total += padded[row : row + height, column : column + width]
    return total[::size, ::size] / size**2


def convolve_same(image: ImageArray, kernel: ImageArray) -> ImageArray:
    """``conv2(image, kernel, 'same')``: the centre of an even kernel lies right of its middle."""
    full = convolve2d(image, kernel, mode="full")
    top, left = (int(np.ceil((length + 1) / 2)) - 1 for length in kernel.shape)
    same: ImageArray = full[top : top + image.shape[0], left : left + image.shape[1]]
    return same


def prewitt(plane: ImageArray) -> ImageArray:
    """Gradient magnitude by the Prewitt operator / 3."""
    kernel = np.array([[1.0, 0, -1]] * 3) / 3
    return np.hypot(convolve_same(plane, kernel), convolve_same(plane, kernel.T))


def similarity(first: ImageArray, second: ImageArray, constant: float) -> ImageArray:
    """(2ab + c) / (a^2 + b^2 + c)."""
    result: ImageArray = (2 * first * second + constant) / (first**2 + second**2 + constant)
    return result


def yiq(image: ImageArray) -> list[ImageArray]:
    """Y, I and Q as in ``HaarPSI.m`` and ``FeatureSIM.m``."""
    matrix = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    return list(np.moveaxis(image @ matrix.T, -1, 0))


def haar_coefficients(plane: ImageArray) -> ImageArray:
    """Haar wavelet responses (orientation, scale, height, width) at three scales."""
    responses = []
    for scale in range(1, 4):
        kernel = np.full((2**scale, 2**scale), 2.0**-scale)
        kernel[: 2 ** (scale - 1)] *= -1
        responses.append([convolve_same(plane, kernel), convolve_same(plane, kernel.T)])
    return np.moveaxis(np.array(responses), 1, 0)


def matlab_round(value: float) -> int:
    """``round``: half away from zero."""
    return int(np.floor(value + 0.5))
