"""Extra networks are taken out of a prompt as AUTOMATIC1111 takes them."""

from __future__ import annotations

import pytest

from pipelines.prompting.networks import Network, split


def lora(*arguments: str, **named: str) -> Network:
    return Network("lora", arguments, named)


@pytest.mark.parametrize(
    ("prompt", "text", "networks"),
    [
        ("a <lora:foo:0.8> b", "a  b", (lora("foo", "0.8"),)),
        ("<lora:foo:0.8:0.5>", "", (lora("foo", "0.8", "0.5"),)),
        ("<lora:a:1><lora:b:-0.5> x", " x", (lora("a", "1"), lora("b", "-0.5"))),
        ("<hypernet:h:1>", "", (Network("hypernet", ("h", "1"), {}),)),
        ("<lora:a:te=0.5:unet=1>", "", (lora("a", te="0.5", unet="1"),)),
        ("a < b > c", "a < b > c", ()),
        ("<lora:>", "<lora:>", ()),
        ("<:a:1>", "<:a:1>", ()),
        ("no tags", "no tags", ()),
        ("", "", ()),
    ],
)
def test_tags_and_text_are_parted(prompt: str, text: str, networks: tuple[Network, ...]) -> None:
    assert split(prompt) == (text, networks)


def test_a_tag_is_shown_as_it_was_written() -> None:
    for tag in ("<lora:a:1>", "<lora:a:0.5:unet=1>"):
        assert str(split(f"x {tag}")[1][0]) == tag


def test_a_long_line_of_brackets_costs_no_time() -> None:
    assert split("<a:" * 3000)[1] == ()
