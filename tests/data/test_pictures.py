"""Pictures of every kind that people have: values as they are, upright, or a clear no."""

import struct
import sys
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageOps

from aelib.data._pictures import read_mask, read_pictures

RAMP = np.linspace(0, 1, 24 * 16).reshape(24, 16)


def save(folder, name, image, **options):
    folder.mkdir(exist_ok=True)
    image.save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize(
    ("image", "bits"),
    [
        (Image.fromarray((RAMP * 255).astype(np.uint8)), 8),
        (Image.fromarray((RAMP * 1023).astype(np.uint16)), 10),
        (Image.fromarray((RAMP * 4095).astype(np.uint16)), 12),
        (Image.fromarray((RAMP * 65535).astype(np.uint16)), 16),
        (Image.fromarray((RAMP * 65535).astype(np.int32)), 16),
        (Image.fromarray(RAMP.astype(np.float32)), 24),
    ],
)
def test_a_ramp_stays_a_ramp_at_every_depth(tmp_path, image, bits):
    values, units = read_pictures([save(tmp_path, "a.tif", image)], None)
    # Values were cut off to whole ones when they were made: by less than one step.
    np.testing.assert_allclose(values[0], RAMP, atol=1 / (2**bits - 1) + 1e-7)
    assert (f"{bits}-bit" in units) == (bits < 24)


def test_depth_is_that_of_all_pictures_or_the_one_given(tmp_path):
    dark = save(tmp_path, "dark.png", Image.fromarray((RAMP * 1000).astype(np.uint16)))
    light = save(tmp_path, "light.png", Image.fromarray((RAMP * 4095).astype(np.uint16)))
    both = read_pictures([dark, light], None)
    np.testing.assert_allclose(both.values[:, -1, -1], [1000 / 4095, 1.0], rtol=1e-6)
    assert read_pictures([dark], None, bits=16).values.max() == pytest.approx(1000 / 65535)
    with pytest.raises(ValueError, match="bits: expected enough for the value 4095, got 10"):
        read_pictures([light], None, bits=10)
    with pytest.raises(ValueError, match="bits: expected '8', '10', '12', '14' or '16', got '11'"):
        read_pictures([light], None, bits=11)
    eight = save(tmp_path, "eight.png", Image.fromarray((RAMP * 255).astype(np.uint8)))
    with pytest.raises(ValueError, match=r"one depth, got 16 bits in .*light.png and 8 bits in"):
        read_pictures([light, eight], None)


def test_sizes_that_differ_are_told(tmp_path):
    first = save(tmp_path, "first.png", Image.fromarray(np.zeros((24, 16), np.uint8)))
    second = save(tmp_path, "second.png", Image.fromarray(np.zeros((16, 16), np.uint8)))
    message = r"size: .* differ.* 16 × 16 \(second.png\), 24 × 16 \(first.png\)"
    with pytest.raises(ValueError, match=f"{message}; got None"):
        read_pictures([first, first, second], None)
    with pytest.warns(UserWarning, match=f"{message}; all are scaled to 8 × 8"):
        assert read_pictures([first, second], 8).values.shape == (2, 8, 8)
    float_one = save(tmp_path, "float.tif", Image.fromarray(np.zeros((9, 9), np.float32)))
    with pytest.raises(ValueError, match=r"expected pictures of one depth"):
        read_pictures([first, second, float_one], 8)


def test_sixteen_bits_are_scaled_without_being_rounded(tmp_path):
    file = save(tmp_path, "a.png", Image.fromarray((RAMP * 65535).astype(np.uint16)))
    halved = read_pictures([file], (12, 8)).values[0]
    blocks = RAMP.reshape(12, 2, 8, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(halved, blocks, atol=2e-5)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_turned_is_a_picture_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray((RAMP * 255).astype(np.uint8))
    file = save(tmp_path, "a.png", stored, exif=exif)
    with Image.open(file) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    values = read_pictures([file], None).values[0]
    np.testing.assert_allclose(values, upright / 255, rtol=1e-6)
    mask = save(tmp_path, "mask.png", Image.fromarray((upright > 250).astype(np.uint8) * 255))
    assert np.array_equal(read_mask(mask, file, values.shape), upright > 250)
    drawn = Image.fromarray(np.asarray(stored) > 250)  # on the picture as it is stored
    if orientation >= 5:
        turned = save(tmp_path, "turned.png", drawn)
        assert np.array_equal(read_mask(turned, file, values.shape), upright > 250)
    # A camera that turned the mask as well says so in both.
    alike = save(tmp_path, "alike.png", drawn, exif=exif)
    assert np.array_equal(read_mask(alike, file, values.shape), upright > 250)
    small = save(tmp_path, "small.png", Image.fromarray(np.zeros((9, 16), np.uint8)))
    with pytest.raises(ValueError, match=r"expected a mask of \d+ × \d+ for .*, got 16 × 9"):
        read_mask(small, file, values.shape)


def test_color_in_every_mode_is_its_color(tmp_path):
    # Few colors, so that a palette can hold them.
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4], pixels[4:, :4], pixels[4:, 4:] = (200, 30, 60), (10, 90, 250), (255, 255, 0)
    plain = Image.fromarray(pixels)
    files = [
        save(tmp_path, "rgb.png", plain),
        save(tmp_path, "palette.png", plain.quantize(8)),
        save(tmp_path, "opaque.png", plain.convert("RGBA")),
        save(tmp_path, "cmyk.tif", plain.convert("CMYK")),
    ]
    values = read_pictures(files, None).values
    assert values.shape == (4, 8, 8, 3)
    for picture in values:
        np.testing.assert_allclose(picture * 255, pixels, atol=1.01)
    gray = read_pictures(files, None, gray=True).values
    np.testing.assert_allclose(gray[1:], gray[:1].repeat(3, 0), atol=1.01 / 255)


def test_what_cannot_be_read_faithfully_is_refused(tmp_path):
    glass = np.full((8, 8, 4), 255, np.uint8)
    glass[2, 3, 3] = 100
    with pytest.raises(ValueError, match=r"expected opaque pictures, .*glass\.png is transparent"):
        read_pictures([save(tmp_path, "glass.png", Image.fromarray(glass))], None)
    bright = Image.fromarray((RAMP * 3).astype(np.float32))
    with pytest.raises(ValueError, match=r"bright\.tif: expected floating-point values in \[0, 1"):
        read_pictures([save(tmp_path, "bright.tif", bright)], None)
    deep = Image.fromarray((RAMP * 2**20).astype(np.int32))
    with pytest.raises(ValueError, match=r"deep\.tif: expected values of 16 bits, got "):
        read_pictures([save(tmp_path, "deep.tif", deep)], None)
    lab = Image.fromarray(np.zeros((8, 8, 3), np.uint8)).convert("RGB")
    lab = Image.merge("LAB", lab.split())
    with pytest.raises(ValueError, match="gray or color, got mode LAB in"):
        read_pictures([save(tmp_path, "lab.tif", lab)], None)


def png16(path, channels):
    """A PNG of 16 bits a channel, which Pillow cannot write in color."""
    deep = (RAMP * 4095).astype(">u2")[..., None].repeat(channels, -1)
    header = struct.pack(">IIBBBBB", 16, 24, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in deep))
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bits_a_channel_are_not_cut_to_eight(tmp_path, channels):
    png16(tmp_path / "a.png", channels)
    with pytest.raises(ValueError, match=r"8 bits a channel .* got 16 in .*a.png, of which Pillow"):
        read_pictures([tmp_path / "a.png"], None, gray=True)
    if channels == 3:
        tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8, 3), np.uint16), photometric="rgb")
        with pytest.raises(ValueError, match=r"8 bits a channel .* got 16 in .*a.tif, of which"):
            read_pictures([tmp_path / "a.tif"], None)


def test_layouts_that_pillow_takes_for_others(tmp_path):
    file = tmp_path / "a.tif"
    ramp = (RAMP * 65535).astype(np.uint16)
    tifffile.imwrite(file, 65535 - ramp, photometric="miniswhite")
    with pytest.raises(ValueError, match=r"expected 0 for black, but in .*a.tif it is white"):
        read_pictures([file], None)
    tifffile.imwrite(file, (255 - ramp // 257).astype(np.uint8), photometric="miniswhite")
    np.testing.assert_allclose(read_pictures([file], None).values[0], RAMP, atol=1 / 255)
    tifffile.imwrite(file, (RAMP * 32767).astype(np.int16))
    with pytest.raises(ValueError, match=r"values without a sign, got 16 bits with one in .*a.tif"):
        read_pictures([file], None)
    tifffile.imwrite(file, np.zeros((3, 8, 8), np.uint8), photometric="minisblack")
    with pytest.raises(ValueError, match=r"one picture in a file, got 3 in .*a.tif"):
        read_pictures([file], None)
    tifffile.imwrite(file, ramp, byteorder=">")
    np.testing.assert_allclose(read_pictures([file], None).values[0], RAMP, atol=2e-5)


def test_files_that_are_no_whole_picture_are_named(tmp_path):
    file = save(tmp_path, "a.png", Image.fromarray((RAMP * 255).astype(np.uint8)))
    mask = save(tmp_path, "mask.jpg", Image.fromarray((RAMP * 255).astype(np.uint8)))
    with pytest.raises(ValueError, match=r"mask stored without losses, .*mask.jpg is a JPEG"):
        read_mask(mask, file, (24, 16))
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"a picture that Pillow reads, .*a.png is damaged"):
        read_pictures([file], None)
    file.write_text("no picture")
    with pytest.raises(ValueError, match=r"a picture that Pillow reads, .*a.png is damaged"):
        read_pictures([file], None)
    with pytest.raises(FileNotFoundError):
        read_pictures([tmp_path / "nowhere.png"], None)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "RGBA", "I;16"])
def test_a_mask_is_where_it_is_not_black(tmp_path, mode):
    picture = save(tmp_path, "a.png", Image.fromarray((RAMP * 255).astype(np.uint8)))
    marked = RAMP > 0.7
    if mode == "I;16":
        image = Image.fromarray(marked.astype(np.uint16))  # as faint as can be
    elif mode == "RGBA":
        painted = np.full((24, 16, 4), (200, 0, 0, 0), np.uint8)  # red, and seen through
        painted[marked, 3] = 255
        image = Image.fromarray(painted)
    else:
        image = Image.fromarray(marked.astype(np.uint8) * 255).convert(mode)
    mask = save(tmp_path, "mask.png", image)
    assert np.array_equal(read_mask(mask, picture, (24, 16)), marked)
    halved = marked.reshape(12, 2, 8, 2).any(axis=(1, 3))
    assert np.array_equal(read_mask(mask, picture, (12, 8)), halved)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([np.uint8, np.uint16, np.float32]).flatmap(
        lambda dtype: arrays.arrays(
            dtype,
            st.tuples(st.integers(1, 6), st.integers(1, 6)),
            elements=st.floats(0, 1, width=32) if dtype == np.float32 else None,
        )
    ),
    st.integers(1, 8),
    st.sampled_from(["png", "tif"]),
)
def test_any_gray_picture_is_read_as_it_is(tmp_path_factory, pixels, orientation, ending):
    if pixels.dtype == np.float32:
        ending = "tif"
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path_factory.mktemp("pictures") / f"a.{ending}"
    Image.fromarray(pixels).save(file, exif=exif)
    largest = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[pixels.dtype.type]
    values = read_pictures([file], None, bits=16).values[0]
    # Numbered as in the standard: what the first row and the first column show.
    turned = [
        pixels,
        pixels[:, ::-1],
        pixels[::-1, ::-1],
        pixels[::-1],
        pixels.T,
        pixels.T[:, ::-1],
        pixels[::-1, ::-1].T,
        pixels.T[::-1],
    ][orientation - 1]
    np.testing.assert_allclose(values, turned / np.float64(largest), rtol=1e-6, atol=0)


def test_pillow_is_asked_for_by_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match=r'pictures needs PIL: pip install "aelib\[data'):
        read_pictures([tmp_path / "a.png"], None)
