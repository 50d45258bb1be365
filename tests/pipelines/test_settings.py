"""Settings: precedence of their sources, errors with flag, value and remedy, and docs that come from the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.settings import REPOSITORY, ROWS, Settings, docs_page, read


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password.txt"
    path.write_text("correct horse battery\n")
    return path


def with_file(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "darkroom.toml").write_text(text)
    return ["--data-dir", str(tmp_path)]


def test_nothing_given_means_the_defaults(tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path)]

    assert read(arguments, {}) == Settings(data_dir=tmp_path)


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    arguments = with_file(tmp_path, 'port = 1\ndtype = "float32"\nvram = "1G"')
    environment = {"DARKROOM_PORT": "2", "DARKROOM_DTYPE": "bfloat16"}

    settings = read([*arguments, "--port", "3"], environment)

    assert (settings.port, settings.dtype, settings.vram) == (3, "bfloat16", "1G")
    assert settings.attention == "sdpa"


def test_a_flag_can_say_no_to_what_the_file_says(tmp_path: Path) -> None:
    arguments = with_file(tmp_path, "exact = true\noffline = true")

    settings = read([*arguments, "--no-exact"], {})

    assert not settings.exact
    assert settings.offline


def test_lists_come_from_repeated_flags_joined_variables_and_lists_in_the_file(
    tmp_path: Path, password_file: Path
) -> None:
    secret = ["--password-file", str(password_file)]
    arguments = [*with_file(tmp_path, 'allowed_host = ["a.lan", "b.lan"]'), *secret]

    assert read(arguments, {}).allowed_host == ("a.lan", "b.lan")
    assert read(arguments, {"DARKROOM_ALLOWED_HOST": "c.lan, d.lan"}).allowed_host == (
        "c.lan",
        "d.lan",
    )
    asked = [*arguments, "--allowed-host", "e.lan", "--allowed-host", "f.lan"]
    assert read(asked, {}).allowed_host == ("e.lan", "f.lan")


def test_the_models_of_the_repository_are_always_looked_through_first(tmp_path: Path) -> None:
    settings = read(["--data-dir", str(tmp_path), "--models-dir", str(tmp_path / "m")], {})

    assert settings.models_dir == (REPOSITORY / "models", tmp_path / "m")


def test_paths_in_the_file_start_from_the_files_own_folder(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "studio.toml"
    path.parent.mkdir()
    path.write_text('output_dir = "pictures"\ndata_dir = "../data"')

    settings = read(["--config", str(path)], {})

    assert settings.output_dir == tmp_path / "etc" / "pictures"
    assert settings.data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", None), ("6G", 6 * 2**30), ("1.5GiB", 3 * 2**29), ("800M", 800 * 2**20), ("4096", 4096)],
)
def test_sizes_are_read_in_steps_of_1024(text: str, expected: int | None) -> None:
    assert Settings(vram=text, ram=text).vram_bytes == expected
    assert Settings(vram=text, ram=text).ram_bytes == expected


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--port", "abc"], {}, ("--port", "'abc'", "Use 0 to 65535.")),
        (["--port", "70000"], {}, ("--port", "'70000'", "outside", "Use 0 to 65535.")),
        (["--dtype", "half"], {}, ("--dtype", "'half'", "bfloat16")),
        (["--device", "gpu"], {}, ("--device", "'gpu'", "cuda")),
        (["--vram", "six"], {}, ("--vram", "'six'", "6G")),
        (["--host", "a b"], {}, ("--host", "'a b'", "0.0.0.0")),
        (["--root-path", "sd/"], {}, ("--root-path", "'sd/'", "/sd")),
        (["--max-active-pictures", "0"], {}, ("--max-active-pictures", "'0'", "1 to 64")),
        ([], {"DARKROOM_EXACT": "maybe"}, ("DARKROOM_EXACT", "'maybe'", "true or false")),
        (["--prot", "80"], {}, ("--prot", "Did you mean --port?")),
        (["--port"], {}, ("--port", "--help")),
        (["--config", "/nowhere/x.toml"], {}, ("--config", "/nowhere/x.toml", "cannot be read")),
    ],
)
def test_an_unusable_value_is_refused_with_its_source_and_the_remedy(
    arguments: list[str], environment: dict[str, str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(arguments, environment)

    said = f"{caught.value.message}. {caught.value.remedy}"
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 80", ("prot", "darkroom.toml", "Did you mean port?")),
        ("quite_unknown_thing = 1", ("quite_unknown_thing", "is no setting")),
        ('config = "x"', ("config", "is no setting")),
        ('port = "80"', ("port", "darkroom.toml", "wrong type", "int")),
        ("port = true", ("port", "wrong type")),
        ("allowed_host = [1]", ("allowed_host", "wrong type", "a list of texts")),
        ("port = = 1", ("cannot be read", "line 1")),
    ],
)
def test_a_mistake_in_the_file_is_refused_and_named(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    arguments = with_file(tmp_path, text)

    with pytest.raises(SettingsError) as caught:
        read(arguments, {})

    said = f"{caught.value.message}. {caught.value.remedy}"
    assert all(word in said for word in words), said


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_on_loopback_no_password_is_asked_for(tmp_path: Path, host: str) -> None:
    settings = read(["--data-dir", str(tmp_path), "--host", host], {})

    assert settings.is_loopback
    assert settings.password() is None


@pytest.mark.parametrize(
    "exposed",
    [
        ["--host", "0.0.0.0"],
        ["--host", "::"],
        ["--host", "192.168.1.5"],
        ["--allowed-host", "studio.example"],
    ],
)
def test_beyond_loopback_a_password_file_is_asked_for(
    tmp_path: Path, password_file: Path, exposed: list[str]
) -> None:
    arguments = ["--data-dir", str(tmp_path), *exposed]

    with pytest.raises(SettingsError, match=r"without a password") as caught:
        read(arguments, {})
    assert "--password-file" in caught.value.remedy

    settings = read([*arguments, "--password-file", str(password_file)], {})
    assert settings.password() == "correct horse battery"


def test_a_password_that_is_too_short_or_cannot_be_read_is_refused(
    tmp_path: Path, password_file: Path
) -> None:
    arguments = ["--data-dir", str(tmp_path), "--password-file", str(password_file)]
    password_file.write_text("1234\n")
    with pytest.raises(SettingsError, match="fewer than 8 characters") as caught:
        read(arguments, {})
    assert "1234" not in str(caught.value)

    password_file.unlink()
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        read(arguments, {})


def test_help_names_every_flag_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read(["--help"], {})

    said = capsys.readouterr().out
    assert ended.value.code == 0
    for name in ROWS:
        assert "--" + name.replace("_", "-") in said
    assert "(default: 7860)" in said


def test_the_page_of_the_docs_is_the_one_that_the_table_makes() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")

    assert page == docs_page(), "run: python -m pipelines.settings > docs/settings.md"
    assert len(ROWS) == page.count("\n| `--")
