"""Wildcards and variants become words: those that a seed chooses, and never more than a prompt can hold."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from dynamicprompts.parser import parse as reading
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import RequestError
from pipelines.prompting.wildcard_files import Wildcard, WildcardFiles, matching
from pipelines.prompting.wildcards import Expander

COLOURS = ("red", "green", "blue")


def wildcard(name: str, *values: str) -> dict[str, Wildcard]:
    return {name: Wildcard(name, tuple((value, 1.0) for value in values))}


KNOWN = {
    **wildcard("colour", *COLOURS),
    **wildcard("animals/cat", "lion", "tiger"),
    **wildcard("animals/dog", "wolf"),
    **wildcard("outfit", "a __colour__ {hat|coat}"),
    **wildcard("tag", "<lora:my__colour__ink:0.8> {a|b}"),
}


def words(text: str, seed: int = 1) -> str:
    return Expander(KNOWN).expand("prompt", text, seed)


def outcomes(text: str, seeds: int = 60) -> set[str]:
    expander = Expander(KNOWN)
    return {expander.expand("prompt", text, seed) for seed in range(seeds)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a __colour__ cat", {f"a {colour} cat" for colour in COLOURS}),
        ("{a|b}", {"a", "b"}),
        ("{2$$a|b}", {"a,b", "b,a"}),
        ("{2$$ and $$a|b}", {"a and b", "b and a"}),
        ("{1-2$$+$$a|b}", {"a", "b", "a+b", "b+a"}),
        ("{2$$__animals/*__}", None),
        ("__animals/*__", {"lion", "tiger", "wolf"}),
        ("__cat__", {"lion", "tiger"}),
        ("__animals/{cat|dog}__", {"lion", "tiger", "wolf"}),
        ("{{a|b}|c}", {"a", "b", "c"}),
        ("{a|}x", {"ax", "x"}),
        ("${v=x}${v} ${v}", {"x x"}),
        ("${v=!{a|b}}${v}${v}", {"aa", "bb"}),
        ("${v:y}", {"y"}),
        ("{a|b} # {not|this}", {"a", "b"}),
        ("__~colour__ {!a} {@b}", {f"{colour} a b" for colour in COLOURS}),
        ("[{a|b}:c:0.5]", {"[a:c:0.5]", "[b:c:0.5]"}),
        ("(x:1.2) {a} (y:1.3)", {"(x:1.2) a (y:1.3)"}),
    ],
)
def test_the_language(text: str, expected: set[str] | None) -> None:
    found = outcomes(text)
    if expected is None:
        assert all(set(one.split(",")) <= {"lion", "tiger", "wolf"} for one in found)
        assert all(len(set(one.split(","))) == 2 for one in found)
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a plain cat", "a plain cat"),
        ("[red|blue] cat", "[red|blue] cat"),
        ("{[red|blue]} cat", "[red|blue] cat"),
        ("an {open brace", "an {open brace"),
        ("closed} only", "closed} only"),
        ("^__^", "^__^"),
        ("my__name__here", "my__name__here"),
        ("__nothere__", "__nothere__"),
        ("<lora:my__colour__ink:0.8>", "<lora:my__colour__ink:0.8>"),
        (r"\{a|b\} \__colour\__", r"{a|b} __colour__"),
        ("50% of $5 {x} http://a/b", "50% of $5 x http://a/b"),
        ("${nowhere} {x}", "${nowhere} x"),
        ("{0::a|0::b}", "{0::a|0::b}"),
        ("/* no comment */ {x}", "/* no comment */ x"),
    ],
)
def test_what_only_looks_like_it_stays(text: str, kept: str) -> None:
    assert words(text) == kept


def test_a_seed_means_the_same_words_in_every_prompt() -> None:
    text = "{a|b|c} __colour__ {2$$x|y|z}"
    assert [words(text, seed) for seed in range(20)] == [words(text, seed) for seed in range(20)]
    assert len(outcomes(text)) > 10


def test_weights_count() -> None:
    found = Counter(words("{9::a|1::b}", seed) for seed in range(300))
    assert 0.8 < found["a"] / 300 < 0.97


def test_values_may_hold_variants_and_tags() -> None:
    assert outcomes("__outfit__") == {
        f"a {colour} {what}" for colour in COLOURS for what in ("hat", "coat")
    }
    assert outcomes("__tag__") == {f"<lora:my__colour__ink:0.8> {x}" for x in "ab"}


def test_names_that_are_not_there_are_told() -> None:
    expander = Expander(KNOWN)
    expander.expand("prompt", "__nothere__ __colour__ ^__^ __neither__", 1)
    assert tuple(expander.missing) == ("nothere", "neither")


BOMBS = {
    **wildcard("self", "__self__ __self__"),
    **wildcard("there", "__back__"),
    **wildcard("back", "__there__"),
    **{k: v for n in range(40) for k, v in wildcard(f"b{n}", f"__b{n + 1}__ __b{n + 1}__").items()},
    **wildcard("b40", "boom"),
    **wildcard("long", "y" * 9000),
    **wildcard("many", *map(str, range(5000))),
}
VARIABLES = "".join(f"${{v{n + 1}=${{v{n}}}${{v{n}}}}}" for n in range(30))


@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        ("__self__", 'the wildcard "self" leads to itself'),
        ("__there__", 'the wildcard "there" leads to itself'),
        ("__b0__", 'the wildcard "b0"'),
        ("__b32__", None),
        ("__long__ " * 9, 'the wildcard "long"'),
        ("{100$$__many__}", '"many" at once'),
        ("${v0=x}" + VARIABLES + " ${v30}", "the variable"),
        ("${a=${a}}${a}", 'the variable "a" leads to itself'),
        ("{" * 30 + "a" + "}" * 30, "braces inside one another"),
        ("__{" * 2000, "braces inside one another"),
        ("{a|" * 3000, "braces inside one another"),
        ("{" + "|".join("a" * 4000) + "}", "variants"),
        ("{a|b}" * 1900, "variants"),
        ("{1-1000$$a|b}", None),
    ],
)
def test_no_prompt_becomes_endless(text: str, blamed: str | None) -> None:
    expander = Expander(BOMBS)
    began = time.process_time()
    if blamed is None:
        assert expander.expand("prompt", text, 1)
    else:
        with pytest.raises(RequestError) as caught:
            expander.expand("negative_prompt", text, 1)
        assert blamed in caught.value.message
        assert caught.value.field == "negative_prompt"
        assert caught.value.remedy
    assert time.process_time() - began < 5.0


LANGUAGE = st.text(alphabet="{}|$:_-=ab1 ~@![](<>)#\\/%*,\n", max_size=60)


@settings(deadline=None, max_examples=150)
@given(LANGUAGE, st.integers(0, 2**32))
def test_any_text_becomes_words_or_is_refused(text: str, seed: int) -> None:
    try:
        found = Expander(KNOWN).expand("prompt", text, seed)
    except RequestError:
        return
    assert found == Expander(KNOWN).expand("prompt", text, seed)
    assert not any(0xF0000 <= ord(mark) < 0xF0100 for mark in found)


# ---- files -------------------------------------------------------------------------------------------------


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def values_of(files: WildcardFiles, name: str) -> list[str]:
    found = matching(name, files.all())
    return [text for text, _ in found.values] if found else []


def test_files_of_every_kind(tmp_path: Path) -> None:
    write(tmp_path, "colour.txt", "\ufeffred\n\n# not this\n blue \n")
    write(tmp_path, "deep/er/one.txt", "x")
    write(
        tmp_path,
        "tree.yaml",
        "animals:\n  cat: [lion, 3::tiger, {text: lynx, weight: 2}]\n  dog: wolf\n",
    )
    write(tmp_path, "lists/flat.json", '["a", "b", 7]')
    write(tmp_path, "lists/tree.json", '{"in": {"side": ["c"]}}')
    files = WildcardFiles((tmp_path,))

    assert list(files.all()) == [
        *("animals/cat", "animals/dog", "colour", "deep/er/one", "lists/flat", "lists/in/side"),
    ]
    assert values_of(files, "colour") == ["blue", "red"]
    assert values_of(files, "one") == ["x"]
    assert values_of(files, "lists/flat") == ["7", "a", "b"]
    assert files.all()["animals/cat"].values == (("lion", 1.0), ("tiger", 3.0), ("lynx", 2.0))
    assert values_of(files, "*/cat") == ["lion", "lynx", "tiger"]


def test_files_are_read_again_when_they_change(tmp_path: Path) -> None:
    files = WildcardFiles((tmp_path, tmp_path / "missing"))
    assert files.all() == {}
    write(tmp_path, "colour.txt", "red")
    assert values_of(files, "colour") == ["red"]
    write(tmp_path, "colour.txt", "green\nblue")
    assert values_of(files, "colour") == ["blue", "green"]


def test_no_name_leads_out_of_the_folders(tmp_path: Path) -> None:
    write(tmp_path, "secret.txt", "secret")
    folder = tmp_path / "wildcards"
    write(folder, "colour.txt", "red")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "away").symlink_to(tmp_path)
    files = WildcardFiles((folder,))

    for name in ("../secret", "/secret", "link", "away/secret", "..\\secret", "*secret*"):
        assert values_of(files, name) == []
    assert list(files.all()) == ["colour"]


def test_damaged_and_exploding_files_do_no_harm(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    names = ", ".join(f"k{n}: *a{{}}" for n in range(8))
    lines += [f"a{n + 1}: &a{n + 1} {{{names.replace('{}', str(n))}}}" for n in range(12)]
    write(tmp_path, "bomb.yaml", "\n".join(lines))
    write(tmp_path, "bad.yaml", "a: [")
    write(tmp_path, "bad.json", "{")
    write(tmp_path, "deep.json", "[" * 100_000)
    write(tmp_path, "run.yaml", "a: !!python/object/apply:os.system ['true']")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    write(tmp_path, "good.txt", "fine")
    began = time.process_time()

    assert values_of(WildcardFiles((tmp_path,)), "good") == ["fine"]
    assert time.process_time() - began < 10.0


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """They take turns after each few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_who_asks_at_the_same_time_as_others_is_understood_too(
    hasty_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        monkeypatch.setattr(reading, "_parser_cache", {})
        reading.get_cached_parser(reading.default_parser_config)  # new, as after a start
        start, found = threading.Barrier(4), []

        def ask(number: int, start: threading.Barrier = start, found: list[str] = found) -> None:
            start.wait()
            found.append(words(f"{{one}} {number} __animals/dog__ ${{x={{a}}}}${{x}}"))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(found) == [f"one {number} wolf a" for number in range(4)]
