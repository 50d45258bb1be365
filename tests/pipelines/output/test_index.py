"""The index: search by words, pages that do not shift, owners apart, damage survived."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.editing.source import Inpainting, Source
from pipelines.errors import NotFound, RequestError
from pipelines.output.index import Index
from pipelines.output.query import Query
from pipelines.output.record import PictureRecord
from tests.pipelines.output.pictures import request


def record(number: int, **values: Any) -> PictureRecord:
    given: dict[str, Any] = {
        "id": f"{number:032x}",
        "owner": "alice",
        "file": f"2026-11-24/{number:05d}-7.png",
        "width": 64,
        "height": 64,
        "bytes": 10,
        "created": float(number),
        "prompt": "a red circle",
        "request": request(),
    }
    return PictureRecord(**{**given, **values})


@pytest.fixture(params=[True, False], ids=["full text", "without FTS5"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path / "library.sqlite", full_text=request.param)
    yield index
    index.close()


def found(index: Index, text: str = "", owner: str = "alice", **filters: Any) -> list[int]:
    page = index.search(Query(owner, text, filters=filters))
    assert page.total == len(page.items)
    return [int(item.id, 16) for item in page.items]


def test_gives_back_what_was_added(index: Index) -> None:
    one = record(1, seed=2**53 - 1, trashed=None, parameters="p\nSteps: 1", job_id="j", seconds=0.5)
    index.add(one)

    assert index.get(one.id, "alice") == one
    assert index.find("j", 0) == one
    assert index.find("j", 1) is None


def test_another_owner_finds_nothing(index: Index) -> None:
    index.add(record(1))

    assert found(index, owner="bob") == []
    with pytest.raises(NotFound) as others:
        index.get(record(1).id, "bob")
    with pytest.raises(NotFound) as nothing:
        index.get("0" * 32, "bob")
    assert others.value.as_dict() == nothing.value.as_dict()


def test_words_are_found_in_prompt_negative_checkpoint_and_sampler(index: Index) -> None:
    index.add(
        record(1, prompt="a red circle"),
        record(2, prompt="a blue square", negative_prompt="red"),
        record(3, prompt="tree", checkpoint="RedShift v2", sampler="DPM++ 2M"),
        record(4, prompt="Grün, dramatisch, 猫がいる"),
    )

    assert found(index, "red") == [3, 2, 1]
    assert found(index, "RED circle") == [1]
    assert found(index, "circ") == [1]
    assert found(index, "dpm++ 2m tree") == [3]
    assert found(index, '"a blue"') == [2]
    assert found(index, '"blue a"') == []
    assert found(index, "がい") == [4]
    assert found(index, "purple") == []


def test_full_text_search_does_not_care_for_accents_and_case(tmp_path: Path) -> None:
    index = Index(tmp_path / "i")
    index.add(record(1, prompt="Grün"))

    assert found(index, "GRUN") == [1]
    index.close()


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", "++", "(((", "🎨"])
def test_signs_are_looked_for_as_they_are(index: Index, sign: str) -> None:
    index.add(record(1, prompt=f"a {sign} b"), record(2, prompt="nothing of it"))

    assert found(index, sign) == [1]


@given(text=st.text(max_size=60) | st.text('"*():-^{}+ANDORNOTEAR ab', max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_query_is_a_syntax_error(index: Index, text: str) -> None:
    index.search(Query("alice", text))


@pytest.mark.parametrize(
    "text", ["NEAR(a b)", "prompt:x", "a OR b", "a*", "^a", '"', '""', "NOT", "-a", "\0", "\ud800"]
)
def test_operators_of_the_query_language_have_no_power(index: Index, text: str) -> None:
    index.add(record(1, prompt="zebra"))

    assert found(index, text) in ([], [1])


def test_filters_narrow_the_search(index: Index) -> None:
    index.add(record(1, checkpoint="a"), record(2, sampler="Euler a"), record(3, trashed=9.0))

    assert found(index) == [2, 1]
    assert found(index, trash=True) == [3]
    assert found(index, checkpoint="a") == [1]
    assert found(index, sampler="Euler a", checkpoint="") == [2]
    assert found(index, after=2.0) == [2]
    assert found(index, before=2.0, after=None) == [1]


def test_pages_neither_repeat_nor_lose_a_picture_while_new_ones_arrive(index: Index) -> None:
    index.add(*(record(n, created=float(n // 3)) for n in range(1, 31)))
    seen: list[int] = []
    cursor = ""
    for newer in range(100, 200):
        page = index.search(Query("alice", "circle", cursor, 4))
        seen += [int(item.id, 16) for item in page.items]
        index.add(record(newer))
        cursor = page.next_cursor
        if not cursor:
            break

    assert seen == sorted(range(1, 31), key=lambda n: (n // 3, n), reverse=True)
    assert page.total == 37  # with the seven that have arrived since


@pytest.mark.parametrize(
    "cursor", ["x", "1.0", "nan~00", "1.0~'; DROP TABLE pictures", "~", "inf~0", "1~é"]
)
def test_a_foreign_cursor_is_refused_in_words(index: Index, cursor: str) -> None:
    with pytest.raises(RequestError, match="cursor"):
        index.search(Query("alice", cursor=cursor))


def test_moved_and_removed_pictures(index: Index) -> None:
    index.add(record(1), record(2))

    index.move(record(1).id, ".trash/x.png", 50.0)
    index.remove(record(2).id)

    assert index.files() == {".trash/x.png": record(1).id}
    assert [r.file for r in index.trashed_before(51)] == [".trash/x.png"]
    assert index.trashed_before(50) == []
    assert found(index, "circle") == []
    assert found(index, "circle", trash=True) == [1]


def test_numbers_go_on_after_the_largest_of_our_names(index: Index) -> None:
    assert index.next_number() == 1
    index.add(
        record(41),
        record(7),
        record(9, file="20261124123456-1.png"),
        record(8, file="x/holiday.png"),
    )

    assert index.next_number() == 42


def test_a_batch_is_added_whole_or_not_at_all(index: Index) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        index.add(record(1), record(1))

    assert found(index) == []
    index.add(record(1))


def test_what_was_added_without_full_text_search_is_found_with_it(tmp_path: Path) -> None:
    plain = Index(tmp_path / "i", full_text=False)
    plain.add(record(1))
    plain.close()

    index = Index(tmp_path / "i")

    assert found(index, "circle") == [1]
    index.close()


MADE_FROM = request(source=Source(image="a" * 32), inpainting=Inpainting(mask="b" * 32))


def test_what_pictures_were_made_from_is_known_for_each_owner(index: Index) -> None:
    index.add(record(1, request=MADE_FROM), record(2), record(3, owner="bob", request=MADE_FROM))

    assert index.sources() == {"a" * 32, "b" * 32}
    assert index.has_made_from("a" * 32, "alice")
    assert index.has_made_from("b" * 32, "bob")
    assert not index.has_made_from("a" * 32, "carol")
    assert not index.has_made_from("c" * 32, "alice")
    index.give("bob", "carol")
    assert index.has_made_from("a" * 32, "carol")
    assert not index.has_made_from("a" * 32, "bob")


def test_what_stands_in_a_prompt_is_no_source(index: Index) -> None:
    index.add(record(1, request=request(prompt="a" * 32, negative_prompt='"' + "a" * 32 + '"')))

    assert index.sources() == set()
    assert not index.has_made_from("a" * 32, "alice")


def test_sources_go_with_the_last_picture_that_was_made_from_them(index: Index) -> None:
    index.add(record(1, request=MADE_FROM), record(2, request=MADE_FROM))

    index.move(record(1).id, "elsewhere", trashed=1.0)
    index.remove(record(2).id)
    assert index.sources() == {"a" * 32, "b" * 32}
    index.remove(record(1).id)
    assert index.sources() == set()
    index.add(record(1, request=MADE_FROM))
    index.clear()
    assert index.sources() == set()


@pytest.mark.parametrize("damage", ["no database", "empty", "torn", "older"])
def test_a_damaged_or_older_index_starts_anew_and_empty(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "library.sqlite"
    index = Index(path)
    index.add(*(record(n) for n in range(200)))
    index.close()
    data = path.read_bytes()
    if damage == "older":
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version = 99")
        db.close()
    else:
        torn = data[:5000] + b"\xff" * 30_000 + data[35_000:]
        path.write_bytes({"no database": b"hello " * 999, "empty": b"", "torn": torn}[damage])

    index = Index(path)

    assert found(index) == []
    index.add(record(1))
    assert found(index, "red") == [1]
    assert path.with_name("library.sqlite.damaged").exists() == (damage in ("no database", "torn"))
    index.close()


def test_rows_with_settings_of_another_time_are_still_shown(tmp_path: Path) -> None:
    index = Index(tmp_path / "i")
    index.add(record(1))
    index.close()
    db = sqlite3.connect(tmp_path / "i")
    with db:
        db.execute("""UPDATE pictures SET request = '{"flavour": "sweet"}'""")
    db.close()

    index = Index(tmp_path / "i")

    assert index.get(record(1).id, "alice").request is None
    index.close()
