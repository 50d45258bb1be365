"""Pixels of every kind come out plain: what a viewer would show, upright and in sRGB, or a refusal in words."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageOps, TiffImagePlugin

from pipelines.output import decoder, pixels
from tests.pipelines.output import profiles
from tests.pipelines.output.files import BLUE, RED, chunk, encoded, halves, png, webp_header

ORIENTATION = 0x0112


@pytest.fixture(autouse=True)
def _own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child changes them for itself alone."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    monkeypatch.setattr("PIL.AvifImagePlugin.DEFAULT_MAX_THREADS", 1)


def kept(data: bytes) -> Image.Image:
    """The picture as the child writes it."""
    target = io.BytesIO()
    report = decoder.reencode(io.BytesIO(data), target)
    image = Image.open(target)
    image.load()
    assert image.format == "PNG"
    assert report["id"] == pixels.fingerprint(image)
    assert (report["width"], report["height"]) == image.size
    return image


def refusal(data: bytes) -> str:
    with pytest.raises(decoder.Problem) as error:
        kept(data)
    message, remedy, *_ = error.value.args
    assert remedy
    return str(message)


@pytest.mark.parametrize(
    ("file_format", "arguments"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 80}),
        ("JPEG", {"quality": 80, "progressive": True}),
        ("WEBP", {"quality": 80}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 80}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
    ],
)
def test_every_pixel_stays_as_the_file_has_it(file_format: str, arguments: dict[str, Any]) -> None:
    data = encoded(Image.effect_noise((96, 64), 60).convert("RGB"), file_format, **arguments)

    with Image.open(io.BytesIO(data)) as image:
        assert kept(data).tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("mode", "kept_mode"),
    [("1", "L"), ("L", "L"), ("LA", "RGBA"), ("P", "RGB"), ("RGB", "RGB"), ("RGBA", "RGBA")],
)
def test_every_kind_of_pixel_becomes_a_plain_one(mode: str, kept_mode: str) -> None:
    image = kept(encoded(halves(mode)))

    assert image.mode == kept_mode
    assert image.tobytes() == halves(mode).convert(kept_mode).tobytes()


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [("CMYK", "TIFF"), ("RGBX", "TIFF"), ("L", "BMP"), ("1", "BMP"), ("P", "BMP"), ("1", "TIFF")],
)  # fmt: skip
def test_rarer_kinds_show_the_same_colours(mode: str, file_format: str) -> None:
    shown = kept(encoded(halves(mode), file_format))

    expected = halves(mode).convert("RGB")
    for place in ((4, 4), (44, 28)):
        assert shown.convert("RGB").getpixel(place) == pytest.approx(
            expected.getpixel(place), abs=4
        )


def test_premultiplied_alpha_is_undone() -> None:
    image = Image.new("RGBA", (4, 4), (200, 100, 50, 128))

    shown = pixels.plain(image.convert("RGBa"))

    assert shown.mode == "RGBA"
    assert shown.getpixel((1, 1)) == pytest.approx((200, 100, 50, 128), abs=2)


def rows(*values: int, bits: int) -> bytes:
    """One row of a PNG, without a filter."""
    if bits == 16:
        return b"\0" + struct.pack(f">{len(values)}H", *values)
    packed = 0
    for value in values:
        packed = packed << bits | value
    return b"\0" + packed.to_bytes(len(values) * bits // 8, "big")


SIXTEEN = (0, 257 * 40, 32768, 65535)


def test_sixteen_bits_become_eight() -> None:
    grey = kept(png((4, 1), 16, 0, rows(*SIXTEEN, bits=16)))
    colour = kept(png((1, 1), 16, 2, rows(*SIXTEEN[1:], bits=16)))
    clear = kept(png((1, 1), 16, 6, rows(*SIXTEEN, bits=16)))
    both = kept(png((2, 1), 16, 4, rows(*SIXTEEN, bits=16)))

    assert (grey.mode, list(grey.tobytes())) == ("L", [0, 40, 128, 255])
    assert colour.getpixel((0, 0)) == (40, 128, 255)
    assert clear.getpixel((0, 0)) == (0, 40, 128, 255)
    assert (both.getpixel((0, 0)), both.getpixel((1, 0))) == ((0, 0, 0, 40), (128, 128, 128, 255))


@pytest.mark.parametrize("order", ["I;16", "I;16B"])
def test_sixteen_bits_of_a_tiff_become_eight(order: str) -> None:
    data = encoded(Image.new(order, (4, 4), 32768), "TIFF")

    assert kept(data).getpixel((1, 1)) == 128


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_grey_that_a_png_calls_transparent_is_so_at_every_depth(bits: int) -> None:
    most = 2**bits - 1
    told = chunk(b"tRNS", struct.pack(">H", most))

    image = kept(png((8, 1), bits, 0, rows(*[0, most] * 4, bits=bits), told))

    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0, 255), (255, 255, 255, 0)]


@pytest.mark.parametrize("bits", [8, 16])
def test_the_colour_that_a_png_calls_transparent_is_so_at_every_depth(bits: int) -> None:
    colour = [value << (bits - 8) for value in RED]
    told = chunk(b"tRNS", struct.pack(">3H", *colour))

    image = kept(png((2, 1), bits, 2, rows(*colour, 0, 0, 0, bits=bits), told))

    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(*RED, 0), (0, 0, 0, 255)]


@pytest.mark.parametrize("transparency", [0, bytes([0, 128, 255])])
def test_transparency_of_a_palette_is_kept(transparency: int | bytes) -> None:
    image = Image.new("P", (4, 4))
    image.putpalette([*RED, *BLUE])
    image.putpixel((1, 0), 1)

    shown = kept(encoded(image, transparency=transparency))

    assert shown.getpixel((0, 0)) == (*RED, 0)
    assert shown.getpixel((1, 0)) == (*BLUE, 255 if transparency == 0 else 128)


def test_an_interlaced_png_is_whole() -> None:
    # A picture of 1 × 1 pixels has only the first of the seven passes.
    assert kept(png((1, 1), 8, 2, b"\0" + bytes(RED), is_interlaced=True)).getpixel((0, 0)) == RED
    row = b"\0" + bytes(RED)
    passes = row * 1 + row * 1 + (b"\0" + bytes(BLUE) * 2)  # 2 × 2: passes 1, 6 and 7
    image = kept(png((2, 2), 8, 2, passes, is_interlaced=True))
    assert [image.getpixel(place) for place in ((0, 0), (1, 0), (0, 1), (1, 1))] == [RED, RED, BLUE, BLUE]  # fmt: skip


# ---- which way is up ---------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "MPO"])
def test_pictures_are_turned_as_their_camera_says(file_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    sent = halves()
    sent.paste((10, 250, 10), (0, 0, 24, 16))  # left above
    data = encoded(sent, file_format, exif=exif)

    image = kept(data)

    sent.getexif()[ORIENTATION] = orientation
    expected = ImageOps.exif_transpose(sent)
    assert image.size == expected.size
    for x in (6, image.width - 6):
        for y in (6, image.height - 6):
            assert image.getpixel((x, y)) == pytest.approx(expected.getpixel((x, y)), abs=24)
    assert not image.getexif()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)  # fmt: skip
def test_a_picture_whose_exif_is_damaged_is_kept(exif: bytes) -> None:
    data = encoded(halves(), "JPEG", quality=95, exif=exif)

    assert kept(data).getpixel((4, 4)) == pytest.approx(RED, abs=12)


# ---- of several pictures the first -------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_of_an_animation_or_of_pages_the_first_is_kept(file_format: str) -> None:
    data = encoded(
        Image.new("RGB", (48, 32), RED),
        file_format,
        save_all=True,
        append_images=[Image.new("RGB", (48, 32), colour) for colour in (BLUE, "green")],
    )

    assert kept(data).convert("RGB").getpixel((9, 9)) == pytest.approx(RED, abs=12)


def test_of_a_stereo_photograph_the_first_is_kept() -> None:
    data = encoded(
        halves(), "MPO", save_all=True, append_images=[Image.new("RGB", (48, 32), "green")]
    )

    assert kept(data).getpixel((4, 4)) == pytest.approx(RED, abs=12)


def test_a_transparent_gif_is_transparent() -> None:
    image = Image.new("P", (8, 8))
    image.putpalette([*RED, *BLUE])

    assert kept(encoded(image, "GIF", transparency=0)).getpixel((1, 1)) == (*RED, 0)


# ---- colours -----------------------------------------------------------------------------------------


def test_the_inks_of_a_cmyk_jpeg_are_inverted_as_adobe_s_programs_write_them() -> None:
    marked = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    mark = marked[marked.index(b"\xff\xee") :][:16]
    assert b"Adobe" in mark

    for data in (marked, marked.replace(mark, b"", 1)):
        assert kept(data).getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=4)


def test_cmyk_goes_through_the_profile_of_its_press() -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))

    bare = kept(encoded(image, "JPEG", quality=100))
    printed = kept(encoded(image, "JPEG", quality=100, icc_profile=profiles.press()))

    assert bare.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=4)
    assert printed.getpixel((8, 8)) == pytest.approx((213, 33, 37), abs=6)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_wide_colour_space_becomes_srgb(mode: str) -> None:
    image = Image.new("RGB", (8, 8), (204, 102, 102)).convert(mode)

    shown = kept(encoded(image, icc_profile=profiles.rgb(profiles.DISPLAY_P3)))

    assert shown.convert("RGB").getpixel((1, 1)) == pytest.approx((219, 94, 99), abs=3)
    assert "icc_profile" not in shown.info


@pytest.mark.parametrize(
    "profile",
    [
        profiles.rgb(profiles.SRGB),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        profiles.press(),
        profiles.grey(1.8),
        b"no profile",
    ],
    ids=["sRGB", "sRGB of LittleCMS", "another mode's", "grey", "broken"],
)
def test_srgb_and_what_is_no_profile_of_it_change_no_pixel(profile: bytes) -> None:
    image = Image.effect_noise((64, 64), 90).convert("RGB")

    assert kept(encoded(image, icc_profile=profile)).tobytes() == image.tobytes()


def test_grey_of_another_curve_is_brought_to_that_of_srgb() -> None:
    for mode in ("L", "LA"):
        image = Image.new("L", (8, 8), 128).convert(mode)
        shown = kept(encoded(image, icc_profile=profiles.grey(1.8)))
        assert shown.mode == {"L": "L", "LA": "RGBA"}[mode]
        assert shown.getchannel(0).getpixel((1, 1)) == pytest.approx(146, abs=2)


# ---- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "GIF", "TIFF"])
def test_more_than_forty_million_pixels_are_refused_by_the_header(file_format: str) -> None:
    data = {
        "PNG": png((10_000, 10_000), 8, 6, b""),
        "BMP": encoded(halves(), "BMP").replace(struct.pack("<II", 48, 32), struct.pack("<II", 10_000, 10_000), 1),
        "GIF": encoded(halves(), "GIF").replace(struct.pack("<HH", 48, 32), struct.pack("<HH", 10_000, 10_000)),
        "TIFF": tiff(image_width=10_000, image_length=10_000),
    }[file_format]  # fmt: skip

    assert "10,000 × 10,000" in refusal(data)


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L", b"VP8 "])
def test_a_large_webp_is_refused_before_there_is_room_for_it(kind: bytes) -> None:
    assert "10,000 × 9,999" in refusal(webp_header(10_000, 9_999, kind))


@pytest.mark.parametrize("lossless", [True, False])
def test_the_size_of_a_webp_is_read_as_pillow_reads_it(
    lossless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "PIXELS_MAX", 1)
    for picture in (halves(), halves("RGBA")):
        assert "48 × 32" in refusal(encoded(picture, "WEBP", lossless=lossless))


def test_a_picture_without_pixels_is_refused() -> None:
    for size in ((0, 5), (5, 0)):
        with pytest.raises((decoder.Problem, OSError, ValueError, SyntaxError)):
            kept(png(size, 8, 2, b""))


def tiff(**tags: Any) -> bytes:
    """A TIFF of 48 × 32 pixels with some tags set."""
    image = halves()
    numbers = {"image_width": 256, "image_length": 257}
    data = encoded(image, "TIFF", tiffinfo={k: v for k, v in tags.items() if k not in numbers})
    for name, old in (("image_width", 48), ("image_length", 32)):
        if name in tags:
            place = data.index(struct.pack("<H", numbers[name]))
            kind = struct.unpack_from("<H", data, place + 2)[0]
            assert kind in (3, 4)
            assert struct.unpack_from("<I", data, place + 8)[0] & 0xFFFF == old
            data = data[: place + 8] + struct.pack("<I", tags[name]) + data[place + 12 :]
    return data


def tiff_with(tag: int, value: Any) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[tag] = value
    return encoded(halves(), "TIFF", tiffinfo=info)


@pytest.mark.parametrize("compression", ["jpeg", "group4", "zstd", "lzma"])
def test_a_tiff_of_a_rare_compression_is_refused_in_words(compression: str) -> None:
    try:
        data = encoded(
            halves("1" if compression == "group4" else "RGB"), "TIFF", compression=compression
        )
    except (OSError, RuntimeError):
        pytest.skip("this libtiff cannot write it")

    assert compression in refusal(data)


def test_a_camera_s_raw_file_is_not_taken_for_its_preview() -> None:
    for tag, value in ((decoder.SUBFILE, 1), (decoder.DNG_VERSION, b"\1\4\0\0")):
        assert "raw" in refusal(tiff_with(tag, value))


@pytest.mark.parametrize("mode", ["F", "I", "LAB"])
def test_pixels_without_a_rule_are_refused_in_words(mode: str) -> None:
    image = Image.new("LAB", (8, 8)) if mode == "LAB" else Image.new("L", (8, 8)).convert(mode)

    assert "rare" in refusal(encoded(image, "TIFF"))


def test_every_mode_that_has_a_rule_is_one_of_pillow() -> None:
    for mode in pixels.PLAIN_MODES:
        assert pixels.plain(Image.new(mode, (2, 2))).mode == pixels.PLAIN_MODES[mode]


# ---- the id ------------------------------------------------------------------------------------------


def test_the_id_is_the_same_for_ever() -> None:
    """Never change the numbers: they stand in the metadata of people's pictures."""
    ids = {
        "L": "4dab2b0af95b23a54aa76fcb4b8d52ab",
        "RGB": "a74d28c233f9fec831c9893480b0015b",  # printf 'RGB 3x2\n' and the bytes 0 to 17, sha256sum
        "RGBA": "539f33778808617bb74f92f9f49d94dc",
    }
    for mode, expected in ids.items():
        image = Image.frombytes(mode, (3, 2), bytes(range(6 * len(mode))))
        assert pixels.fingerprint(image) == expected


def test_the_id_tells_mode_and_size_apart() -> None:
    flat = bytes(24)
    pictures = [("RGB", (4, 2)), ("RGB", (2, 4)), ("RGB", (8, 1)), ("L", (6, 4)), ("RGBA", (3, 2))]

    ids = {pixels.fingerprint(Image.frombytes(mode, size, flat)) for mode, size in pictures}

    assert len(ids) == len(pictures)


def test_the_id_does_not_depend_on_the_strips_it_is_read_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = Image.effect_noise((64, 64), 50)
    whole = pixels.fingerprint(image)
    monkeypatch.setattr(pixels, "STRIP_PIXELS", 100)

    assert pixels.fingerprint(image) == whole


def test_the_id_is_that_of_the_pixels_whatever_file_holds_them() -> None:
    image = Image.effect_noise((64, 48), 50).convert("RGB")
    files = [
        encoded(image, "PNG", compress_level=0),
        encoded(image, "PNG", compress_level=9),
        encoded(image, "BMP"),
        encoded(image, "TIFF", compression="tiff_lzw"),
        encoded(image, "WEBP", lossless=True),
    ]

    ids = {decoder.reencode(io.BytesIO(data), io.BytesIO())["id"] for data in files}

    assert ids == {pixels.fingerprint(image)}
