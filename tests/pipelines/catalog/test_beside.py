"""What is known of a model beside its weights: from its header, from the files beside it, whoever wrote them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.about import TAGS_MAX, WORDS_MAX, About, plain
from pipelines.catalog.catalog import Catalog
from tests import paper_checkpoint, paper_file

LORA = {"lora_unet_down_blocks_1_attn2_to_k.lora_down.weight": (4, 768)}


def lora(folder: Path, metadata: dict[str, str] | None = None, **beside: Any) -> About:
    """What is known of a LoRA; `beside`: endings of files, `_` for a dot, and what they hold."""
    paper_file.write(folder / "ink.safetensors", LORA, metadata)
    for ending, content in beside.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"ink.{ending.replace('_', '.')}").write_text(text, encoding="utf-8")
    return Catalog([folder]).others()[0].about


def test_the_header_tells_title_words_tags_and_licence(tmp_path: Path) -> None:
    frequency = {"10_ink": {"1girl": 3, "ink": 9}, "5_more": {"ink": 4, "": 8, "bad": "x"}}
    metadata = {
        "modelspec.title": "Ink",
        "modelspec.license": "CreativeML Open RAIL-M",
        "modelspec.trigger_phrase": "ink wash, inkstyle",
        "ss_tag_frequency": json.dumps(frequency),
    }

    about = lora(tmp_path, metadata)

    assert (about.title, about.trigger_words) == ("Ink", ("ink wash", "inkstyle"))
    assert about.tags == (("ink", 13), ("1girl", 3))
    assert about.licence.terms.id == "creativeml-openrail-m"
    assert about.licence.source == "the file itself"


def test_notes_of_automatic1111_and_the_record_of_civitai_are_read(tmp_path: Path) -> None:
    notes = {"activation text": "inkstyle, wash", "preferred weight": 0.7, "notes": "thin lines"}
    record = {
        "trainedWords": ["other"],
        "model": {"name": "Ink", "description": "<p>Fine <b>ink</b></p>", "allowNoCredit": False},
        "allowCommercialUse": ["Image"],
    }

    about = lora(tmp_path, json=notes, civitai_info=record)

    assert about.trigger_words == ("inkstyle", "wash")
    assert (about.preferred_weight, about.notes) == (0.7, "thin lines")
    assert (about.title, about.description) == ("Ink", "Fine ink")
    assert (about.licence.source, about.licence.terms.commercial) == (
        "CivitAI's record",
        "conditions",
    )


def test_the_record_of_comfyui_s_manager_is_read(tmp_path: Path) -> None:
    record = {"model_name": "Ink", "notes": "good", "civitai": {"trainedWords": ["inkstyle"]}}

    about = lora(tmp_path, metadata_json=record)

    assert (about.title, about.notes, about.trigger_words) == ("Ink", "good", ("inkstyle",))


def test_what_the_owner_writes_stands_above_all(tmp_path: Path) -> None:
    facts = {"licence": "MIT", "trigger_words": ["mine"], "preferred_weight": 0.5, "notes": "own"}
    about = lora(
        tmp_path,
        {"modelspec.license": "CC0", "modelspec.trigger_phrase": "theirs"},
        darkroom_json=facts,
        json={"activation text": "a1111", "preferred weight": 0.9},
    )

    assert about.licence.terms.id == "mit"
    assert (about.trigger_words, about.preferred_weight, about.notes) == (("mine",), 0.5, "own")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '"text"', "\x00", "[" * 100_000, '{"model": 7, "trainedWords": {"a": 1}}',
     '{"activation text": ["a", 7, null], "preferred weight": "heavy", "notes": {}}',
     '{"preferred weight": 1e999, "trainedWords": [[["x"]]], "description": 9}'],
)  # fmt: skip
def test_hostile_notes_say_nothing_and_harm_nothing(tmp_path: Path, content: str) -> None:
    about = lora(tmp_path, json=content, civitai_info=content, metadata_json=content)

    assert about.preferred_weight is None
    assert about.notes == ""
    assert all(isinstance(word, str) for word in about.trigger_words)


def test_texts_of_strangers_are_cut_and_freed_of_what_cannot_be_seen(tmp_path: Path) -> None:
    record = {
        "trainedWords": [f"word {n}" for n in range(10_000)] + ["x" * 5000],
        "model": {
            "name": "a\x00b\u202e" * 900,
            "description": "<script>alert(1)</script><p>" * 9000,
        },
    }
    frequency = json.dumps({"a": {f"tag {n}": n + 1 for n in range(5000)}})

    about = lora(tmp_path, {"ss_tag_frequency": frequency}, civitai_info=record)

    assert len(about.trigger_words) <= WORDS_MAX
    assert len(about.tags) == TAGS_MAX
    assert about.title.isprintable()
    assert len(about.title) <= 200
    assert len(about.description) <= 10_000


@pytest.mark.parametrize("markup", ["<", "<a ", "<!--", "<a b='", "<p>", "&#", "</", "<![CDATA["])
def test_markup_of_strangers_is_read_in_one_go(markup: str) -> None:
    text = plain(markup * 10_000)

    assert len(text) <= 10_000
    assert plain(f"<p>one</p>{markup}").startswith("one")


def test_a_description_in_markup_keeps_its_words_and_lines() -> None:
    assert plain("<p>Use <b>DPM++</b> &amp; 1 < 2</p><ul><li>a</li><li>b</li></ul>") == (
        "Use DPM++ & 1 < 2\na\nb"
    )


def test_a_licence_text_beside_it_is_known_by_how_it_begins(tmp_path: Path) -> None:
    about = lora(tmp_path, license_txt="MIT License\n\nCopyright (c) 2026 somebody")

    assert (about.licence.terms.id, about.licence.source) == ("mit", "ink.license.txt")
    assert about.licence.text_file == str(tmp_path / "ink.license.txt")


def test_a_licence_for_the_whole_folder_counts_only_where_one_model_lies(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("Apache License\nVersion 2.0")
    assert lora(tmp_path).licence.terms.id == "apache-2.0"

    paper_file.write(tmp_path / "other.safetensors", LORA)
    (tmp_path / "other.json").write_text("{}")

    assert not any(one.about.licence.is_said for one in Catalog([tmp_path]).others())


@pytest.mark.parametrize(
    ("front", "name"),
    [("license: openrail++", "openrail++"), ('license: "mit" # free', "mit"),
     ("license: other\nlicense_name: sai-nc-community", "sai-nc-community"), ("tags: [a]", "")],
)  # fmt: skip
def test_a_folder_s_card_from_the_hub_tells_its_licence(
    tmp_path: Path, front: str, name: str
) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    (folder / "README.md").write_text(f"---\n{front}\n---\n\n# Model\n")

    assert Catalog([tmp_path]).checkpoints()[0].licence == name


def test_a_picture_of_its_name_is_its_preview(tmp_path: Path) -> None:
    about = lora(tmp_path, preview_png="one", jpg="two")

    assert about.preview == tmp_path / "ink.preview.png"
    assert not about.has_cover


def test_a_folder_of_many_models_is_listed_once_and_not_for_each_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        paper_file.write(tmp_path / f"{number}.safetensors", LORA)
    listed: list[object] = []
    for name in ("listdir", "scandir"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda path, real=real: (listed.append(path), real(path))[1])

    assert len(Catalog([tmp_path]).others()) == 20
    assert len(listed) == 1


def test_a_change_beside_a_model_is_a_change_of_the_catalog(tmp_path: Path) -> None:
    paper_file.write(tmp_path / "ink.safetensors", LORA)
    catalog = Catalog([tmp_path])
    before = catalog.look().version

    (tmp_path / "ink.json").write_text('{"notes": "new"}')

    assert catalog.look().version != before
    assert catalog.others()[0].about.notes == "new"
