"""Reading pictures as a model wants them."""
import os
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..checks import channels_of
from ..extras import needs
from .binding import written
from .bound import Bound
from .says import Says, WrongUse

PICTURES = ('.png', '.jpg', '.jpeg', '.bmp', '.gif', '.tif', '.tiff', '.webp', '.ppm', '.pgm')

#: What Pillow may take a picture for, whatever its name says: it would run PostScript, too.
FORMATS = ('AVIF', 'BMP', 'DIB', 'GIF', 'HEIF', 'ICO', 'JPEG', 'JPEG2000', 'MPO', 'PNG', 'PPM', 'TGA', 'TIFF', 'WEBP')


class Layout(NamedTuple):
    """How a model takes pictures.

    Attributes:
        height, width: in pixels, None if they may be any.
        colours: 1 or 3.
        axis: where the channels are: 'last', 'first', or '' where there is no axis for them.
    """
    height: Optional[int]
    width: Optional[int]
    colours: int
    axis: str


def layout_of(name: str, shape: Optional[Sequence[Optional[int]]], channels: Optional[str],
              says: Says) -> Layout:
    """How an input of a static shape takes pictures.

    Args:
        name: the input's, for messages.
        shape: that of one sample, None if unknown.
        channels: 'first', 'last', or None to go by the shape: last, unless only the first size is one of channels.
    """
    if shape is not None and len(shape) == 2:
        return Layout(shape[0], shape[1], 1, '')
    if shape is None:
        shape = [None] * 3
    if len(shape) != 3:
        raise WrongUse(f"{says.data}: pictures need an input of shape (H, W), (H, W, channels) or (channels, H, W); "
                       f"'{name}' takes samples of shape {written(shape)}: give an .npy.")
    if channels is None:
        channels = channels_of(shape)
    colours = shape[2] if channels == 'last' else shape[0]
    if colours not in (1, 3, None):
        raise WrongUse("%s: pictures have 1 or 3 channels; '%s' takes samples of shape %s, channels %s." % (
            says.data, name, written(shape), channels))
    height, width = shape[:2] if channels == 'last' else shape[1:]
    return Layout(height, width, colours or 3, channels)


def paths_of(path: str, limit: Optional[int]) -> List[str]:
    """A picture, or those of a folder by name."""
    if not os.path.isdir(path):
        return [path]
    names = sorted(name for name in os.listdir(path) if name.lower().endswith(PICTURES) and not name.startswith('.'))
    if not names:
        raise WrongUse("INPUT: the folder '%s' has no pictures (%s)." % (path, ' '.join(PICTURES)))
    return [os.path.join(path, name) for name in names[:limit]]


def read_pictures(path: str, paths: Sequence[str], layout: Layout, resize: Optional[Tuple[int, ...]],
                  scale: Tuple[float, float], most: Optional[int], says: Says) -> np.ndarray:
    """Pictures as float32 samples in a model's layout.

    Args:
        path: the picture or folder that they are of, for messages.
        resize: (height, width) to bring them to, None to leave them as they are.
        scale: what 0 and 255 become.
        most: how many bytes of memory they may take, by default bound.MOST each.
    """
    if resize is not None and len(resize) != 2:
        raise WrongUse('%s: expected HxW, as 224x224, not %s.' % (
            says.flag('resize'), 'x'.join(str(size) for size in resize)))
    # Pictures are packed, the small ones to a hundredth, so that folders of them may well take more.
    bound = Bound(says.data, path, most, 100 * sum(os.path.getsize(one) for one in paths))
    pixels: List[np.ndarray] = []
    for one in paths:
        array = _pixels(one, layout.colours, resize, Bound(says.data, one, most, 0), says.data)
        bound.take(array.nbytes)
        height, width = array.shape[:2]
        if layout.height not in (None, height) or layout.width not in (None, width):
            raise WrongUse("%s: '%s' is %dx%d%s, and the model takes %s: %s it." % (
                says.data, one, height, width, ' after ' + says.flag('resize') if resize else '',
                'x'.join('?' if size is None else str(size) for size in (layout.height, layout.width)),
                says.flag('resize')))
        if pixels and array.shape != pixels[0].shape:
            raise WrongUse("%s: '%s' is %dx%d and '%s' %dx%d: %s them." % (
                says.data, one, height, width, paths[0], len(pixels[0]), pixels[0].shape[1], says.flag('resize')))
        pixels.append(array)
    low, high = scale
    found = low + np.stack(pixels) * np.float32((high - low) / 255)
    if layout.axis == '':
        found = found[..., 0]
    elif layout.axis == 'first':
        found = np.moveaxis(found, -1, 1)
    return np.ascontiguousarray(found, np.float32)


def _pixels(path: str, colours: int, resize: Optional[Tuple[int, ...]], bound: Bound, data: str
            ) -> np.ndarray:
    """A picture as float32 (H, W, colours) from 0 to 255: upright, on white where it is transparent."""
    with needs('reading pictures', 'pictures'):
        from PIL import Image, ImageOps

    theirs = Image.MAX_IMAGE_PIXELS
    try:
        Image.MAX_IMAGE_PIXELS = None  # The bound is ours.
        with Image.open(path) as file:
            if file.format not in FORMATS:
                raise WrongUse("%s: the picture '%s' is of the kind %s, not of %s." % (
                    data, path, file.format, ' '.join(FORMATS)))
            bound.take(4 * colours * file.width * file.height)
            if resize is not None:
                bound.take(4 * colours * resize[0] * resize[1])
            image: Any = ImageOps.exif_transpose(file)
            if image.mode.startswith(('I', 'F')):
                image = _eight_bits(path, image, data)
            if image.mode in ('RGBA', 'LA', 'PA') or 'transparency' in image.info:
                image = image.convert('RGBA')
                image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image)
            image = image.convert('L' if colours == 1 else 'RGB')
    except WrongUse:
        raise
    except Exception as error:  # noqa: B902, which one depends on the kind of file
        raise WrongUse("%s: the picture '%s' cannot be read: %s." % (
            data, path, ' '.join(str(error).split()).rstrip('.') or type(error).__name__)) from None
    finally:
        Image.MAX_IMAGE_PIXELS = theirs
    array = np.asarray(image, np.float32).reshape(image.height, image.width, colours)
    if resize is None or array.shape[:2] == resize:
        return array
    with needs('resizing pictures', 'pictures'):
        from skimage.transform import resize as resized
    # Without it a picture that is made much smaller shows only some of its pixels.
    smooth = array.shape[0] > resize[0] or array.shape[1] > resize[1]
    return resized(array, resize, order=1, mode='edge', anti_aliasing=smooth, preserve_range=True).astype(np.float32)


def _eight_bits(path: str, image: Any, data: str) -> Any:
    """A grey picture of 16 bits with 8."""
    from PIL import Image

    array = np.asarray(image)
    if array.dtype.kind not in 'iu' or array.min() < 0 or array.max() > 65535:
        raise WrongUse("%s: the picture '%s' must have 8 or 16 bits a pixel, not numbers of %s: give an .npy." % (
            data, path, array.dtype))
    return Image.fromarray(np.round(array / 257.).astype(np.uint8))
