"""Installations of other programs are known by their marks, and their things are found where they lie."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.errors import SettingsError
from pipelines.takeover.takeover import Takeover, outermost, recognise
from pipelines.takeover.takeovers import Takeovers
from tests import installations, paper_file
from tests.installations import put


def inside(folder: Path, takeover: Takeover, use: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in getattr(takeover, use)]


def test_forge_is_taken_over_with_the_folders_of_its_flags_and_its_config(tmp_path: Path) -> None:
    found = recognise(installations.forge(tmp_path / "webui"))

    assert found.program == "Forge"
    assert inside(tmp_path, found, "models") == ["more models", "webui/models"]
    assert inside(tmp_path, found, "embeddings") == ["webui/embeddings"]
    assert inside(tmp_path, found, "styles") == ["webui/styles.csv"]
    assert inside(tmp_path, found, "wildcards") == ["webui/extensions/sd-dynamic-prompts/wildcards"]
    assert inside(tmp_path, found, "outputs") == ["webui/outputs", "saved pictures"]
    assert found.missing == ("--lora-dir in webui-user.sh: /gone/loras",)
    assert found.lines() == [
        f"Took over Forge at {tmp_path / 'webui'}: 3 folders of models, 1 file of styles, "
        "1 folder of wildcards, 2 folders of pictures.",
        "  not found: --lora-dir in webui-user.sh: /gone/loras",
    ]


def test_comfyui_is_taken_over_with_its_extra_paths(tmp_path: Path) -> None:
    found = recognise(installations.comfyui(tmp_path / "ComfyUI"))

    assert found.program == "ComfyUI"
    assert inside(tmp_path, found, "models") == ["ComfyUI/models", "a1111/models/Stable-diffusion"]
    assert inside(tmp_path, found, "wildcards") == ["ComfyUI/custom_nodes/impact/wildcards"]
    assert inside(tmp_path, found, "outputs") == ["ComfyUI/output"]
    assert found.missing == tuple(
        f"loras in extra_model_paths.yaml: {tmp_path}/a1111/models/{name}"
        for name in ("Lora", "LyCORIS")
    )


def test_invokeai_is_taken_over_with_the_models_that_it_uses_in_place(tmp_path: Path) -> None:
    found = recognise(installations.invokeai(tmp_path / "invokeai"))

    assert found.program == "InvokeAI"
    assert inside(tmp_path, found, "models") == [
        "invokeai/models",
        "downloads/in-place.safetensors",
    ]
    assert inside(tmp_path, found, "outputs") == ["invokeai/outputs"]
    assert found.missing == ("a model in invokeai.db: /gone/x.safetensors",)
    catalog = Catalog(Takeovers((found,)).models)
    assert [one.name for one in catalog.checkpoints()] == ["in-place", "porcelain-v1"]


def test_settings_of_invokeai_3_lie_in_groups(tmp_path: Path) -> None:
    put(
        tmp_path / "i/invokeai.yaml",
        "InvokeAI:\n  Paths:\n    outdir: ../pictures\n    lora_dir: null\n",
    )
    (tmp_path / "pictures").mkdir()

    assert inside(tmp_path, recognise(tmp_path / "i"), "outputs") == ["pictures"]


@pytest.mark.parametrize(
    ("files", "program"),
    [
        (("webui.py", "models/Stable-diffusion/x"), "AUTOMATIC1111"),
        (("webui.py", "modules_forge/x", "models/Stable-diffusion/x"), "Forge"),
        (("webui.py", "installer.py", "models/x"), "SD.Next"),
        (("webui.py", "fooocus_version.py", "modules/x", "models/x"), "Fooocus"),
        (("webui/webui.py", "webui/modules_forge/x", "webui/models/x"), "Forge"),
        (("custom_nodes/x", "models/x"), "ComfyUI"),
        (("ComfyUI/comfy/x", "ComfyUI/models/x"), "ComfyUI"),
        (("databases/invokeai.db",), "InvokeAI"),
    ],
)
def test_each_program_is_known_by_its_marks(
    tmp_path: Path, files: tuple[str, ...], program: str
) -> None:
    for file in files:
        put(tmp_path / file)

    assert recognise(tmp_path).program == program


@pytest.mark.parametrize("there", ["nothing", "a file", "an empty folder"])
def test_what_is_no_installation_is_refused_with_what_was_looked_for(
    tmp_path: Path, there: str
) -> None:
    path = tmp_path / "x"
    if there != "nothing":
        path.mkdir() if "folder" in there else path.touch()

    with pytest.raises(SettingsError) as caught:
        recognise(path)

    assert f"--from = '{path}'" in caught.value.message
    assert "webui.py" in caught.value.remedy
    assert "invokeai.yaml" in caught.value.remedy


BAT = """@echo off
@REM set COMMANDLINE_ARGS=--ckpt-dir nowhere
set "HOME_OF_ALL={home}"
set COMMANDLINE_ARGS=--xformers --ckpt-dir "%HOME_OF_ALL%" ^
 --theme dark
set COMMANDLINE_ARGS=%COMMANDLINE_ARGS% --styles-file my.csv
call webui.bat
"""


def test_flags_are_read_from_the_script_of_windows_too(tmp_path: Path) -> None:
    (tmp_path / "all my models").mkdir()
    put(tmp_path / "a/webui.py")
    put(tmp_path / "a/models/Stable-diffusion/x")
    put(tmp_path / "a/my.csv")
    put(tmp_path / "a/webui-user.bat", BAT.format(home=tmp_path / "all my models"))

    found = recognise(tmp_path / "a")

    assert inside(tmp_path, found, "models") == ["all my models", "a/models"]
    assert inside(tmp_path, found, "styles") == ["a/my.csv"]
    assert found.missing == ()


def test_a_folder_of_data_elsewhere_is_laid_out_like_the_installation(tmp_path: Path) -> None:
    put(tmp_path / "a/webui.py")
    put(tmp_path / "a/models/Stable-diffusion/x")
    put(tmp_path / "data/embeddings/x")
    put(tmp_path / "data/config.json", '{"outdir_txt2img_samples": "drawn"}')
    put(tmp_path / "data/drawn/x")
    put(tmp_path / "a/webui-user.sh", 'export COMMANDLINE_ARGS="--data-dir ../data"')

    found = recognise(tmp_path / "a")

    assert inside(tmp_path, found, "embeddings") == ["data/embeddings"]
    assert inside(tmp_path, found, "outputs") == ["data/drawn"]


BROKEN = {
    "no text": b"\xff\xfe\x00" * 50,
    "a list": b"[1, 2, 3]",
    "nothing": b"",
    "too long": b'{"outdir_save": "' + b"x" * 2_000_000 + b'"}',
    "too deep": b"[" * 100_000,
    "odd values": b'{"outdir_save": ["a"], "outdir_grids": "a\\u0000b", "ckpt_dir": {"lora_dir": "~nobody/x"}}',
    "a bomb": b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(50)),
    "code": b"a: !!python/object/apply:os.mkdir [made]\n",
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize(
    ("install", "files"),
    [
        (installations.forge, ("config.json", "webui-user.sh", "webui-user.bat")),
        (installations.comfyui, ("extra_model_paths.yaml",)),
        (installations.invokeai, ("invokeai.yaml", "databases/invokeai.db")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_broken_settings_are_named_or_passed_over(
    tmp_path: Path, install: Callable[[Path], Path], files: tuple[str, ...], how: str
) -> None:
    root = install(tmp_path / "root")
    for file in files:
        (root / file).write_bytes(BROKEN[how])

    found = recognise(root)

    assert root / "models" in found.models
    assert not list(tmp_path.rglob("made"))
    if how == "too deep":
        assert any("cannot be read" in line for line in found.missing)


def test_the_root_of_the_disk_is_no_folder_of_pictures(tmp_path: Path) -> None:
    root = installations.forge(tmp_path / "webui")
    put(root / "config.json", '{"outdir_samples": "/", "outdir_grids": "~"}')

    found = recognise(root)

    assert inside(tmp_path, found, "outputs") == ["webui/outputs"]
    assert len(found.missing) == 3


def test_what_is_reached_twice_counts_once(tmp_path: Path) -> None:
    root = installations.forge(tmp_path / "Größe 猫 & 'x'")
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    (root / "models/loop").symlink_to(root, target_is_directory=True)
    (root / "models/Lora").mkdir()
    (root / "models/Lora/same.safetensors").symlink_to(
        root / "models/Stable-diffusion/seascapes.safetensors"
    )
    both = Takeovers.at([root, tmp_path / "link"])

    found = Catalog(both.models)

    assert [one.name for one in found.checkpoints()] == ["elsewhere", "same"]
    assert [(one.name, one.kind) for one in found.others()] == [
        ("easy", "embedding"),
        ("face", "other"),
    ]
    assert len(both.sources) == 2


def test_only_the_outermost_of_nested_folders_stay(tmp_path: Path) -> None:
    for name in ("a/b/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "to-a").symlink_to(tmp_path / "a", target_is_directory=True)

    kept = outermost([tmp_path / "a/b", tmp_path / "to-a", tmp_path / "d", tmp_path / "a/b/c"])

    assert kept == (tmp_path / "to-a", tmp_path / "d")


def test_nothing_is_written_into_an_installation(tmp_path: Path) -> None:
    roots = [
        installations.forge(tmp_path / "webui"),
        installations.comfyui(tmp_path / "ComfyUI"),
        installations.invokeai(tmp_path / "invokeai"),
    ]
    before = tree(tmp_path)

    Catalog(Takeovers.at(roots).models).checkpoints()

    assert tree(tmp_path) == before


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file and folder, with its times, size and bytes."""
    return {
        str(path): (
            path.lstat().st_mtime_ns,
            path.lstat().st_size,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


def test_a_model_named_by_itself_is_followed_while_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    paper_file.write(tmp_path / "other.safetensors")
    catalog = Catalog([path])
    assert catalog.checkpoints() == ()

    paper_file.write(path)

    assert [one.name for one in catalog.checkpoints()] == ["one"]
