"""The native API for projects: from an upload to a stack of edits, a project file, and back on another server."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.api.conftest import House, opened, png
from tests.pipelines.projects.house import asking, mask, photo

PROJECTS = "/api/v1/projects"
Values = dict[str, Any]
Headers = dict[str, str] | None


def asset(house: House, data: bytes, headers: Headers = None) -> str:
    sent = {**(headers or {}), "content-type": "image/png"}
    return str(house.client.post("/api/v1/assets", content=data, headers=sent).json()["id"])


def new(house: House, headers: Headers = None, **values: Any) -> str:
    """The address of a new project."""
    body = {"image": asset(house, photo(), headers), "name": "holiday", **values}
    answer = house.client.post("/api/v1/projects", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return f"/api/v1/projects/{answer.json()['project']['id']}"


def add(house: House, address: str, prompt: str, headers: Headers = None, **fields: Any) -> Values:
    body = {"name": prompt, "request": asking(prompt, **fields)}
    answer = house.client.post(f"{address}/steps", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: Values = answer.json()
    return found


def settled(house: House, address: str, headers: Headers = None) -> Values:
    """The project once nothing in it waits or runs, followed as the page follows it."""
    version = 0
    while True:
        news = house.client.get(f"/api/v1/jobs?since={version}&wait=5", headers=headers).json()
        version = news["version"]
        project: Values = house.client.get(address, headers=headers).json()["project"]
        if not project["is_busy"]:
            return project


def edited(house: House, *prompts: str) -> str:
    address = new(house)
    for prompt in prompts:
        add(house, address, prompt)
    settled(house, address)
    return address


def act(house: House, address: str, body: Values | None = None, method: str = "POST") -> Values:
    answer = house.client.request(method, address, json=body or {})
    assert answer.status_code < 300, answer.text
    found: Values = answer.json()["project"]
    return found


def states(project: Values) -> list[str]:
    return [step["state"] for step in project["steps"]]


# ---- the stack -----------------------------------------------------------------------------------------


def test_a_stack_of_edits_grows_is_undone_and_redone(home: House) -> None:
    address = new(home)

    begun = add(home, address, "sky")
    add(home, address, "door")
    project = settled(home, address)

    assert begun["job"]["request"]["source"]["image"] == begun["project"]["base"]
    assert begun["project"]["steps"][0]["job_id"] == begun["job"]["id"]
    assert "owner" not in project
    assert states(project) == ["done", "done"]
    first, second = project["steps"]
    assert (first["source"], second["source"]) == (project["base"], first["image"])
    assert home.client.get(f"/api/v1/assets/{second['image']}/file").status_code == 200
    assert act(home, f"{address}/undo")["image"] == first["image"]
    assert act(home, f"{address}/redo")["image"] == second["image"]


def test_a_step_is_switched_changed_renamed_and_picked(home: House) -> None:
    address = new(home)
    add(home, address, "sky", batch_size=2)
    add(home, address, "door")
    sky, door = settled(home, address)["steps"]
    place = f"{address}/steps/{sky['id']}"

    act(home, place, {"is_enabled": False, "name": "no sky"}, "PATCH")
    off = settled(home, address)
    act(home, place, {"is_enabled": True, "picture": sky["pictures"][1]}, "PATCH")
    picked = settled(home, address)
    act(home, place, {"request": {**sky["request"], "prompt": "night"}}, "PATCH")
    changed = settled(home, address)

    assert off["steps"][1]["source"] == off["base"]
    assert off["steps"][0]["name"] == "no sky"
    assert picked["steps"][0]["picture_id"] == sky["pictures"][1]
    assert changed["steps"][1]["source"] not in (sky["image"], picked["steps"][1]["source"])
    assert states(changed) == ["done", "done"]
    assert door["id"] == changed["steps"][1]["id"]


def test_a_replay_makes_all_again_from_a_step_on(home: House) -> None:
    address = edited(home, "sky", "door")
    before = home.client.get(address).json()["project"]["steps"]

    begun = act(home, f"{address}/replay", {"from": before[0]["id"]})
    after = settled(home, address)["steps"]

    assert states(begun) == ["running", "stale"]
    assert [step["image"] for step in after] == [step["image"] for step in before]
    assert all(
        new["picture_id"] != old["picture_id"] for new, old in zip(after, before, strict=True)
    )


def test_the_list_shows_the_latest_first_and_what_lies_in_the_trash(lan: House) -> None:
    ada = lan.owner()
    first, second = (new(lan, ada, name=name) for name in ("first", "second"))
    add(lan, first, "sky", ada)
    settled(lan, first, ada)

    listed = lan.client.get("/api/v1/projects", headers=ada).json()
    lan.client.delete(second, headers=ada)
    names = [
        [
            one["name"]
            for one in lan.client.get(f"/api/v1/projects?trash={n}", headers=ada).json()["items"]
        ]
        for n in (0, 1)
    ]

    assert [one["name"] for one in listed["items"]] == ["first", "second"]
    thumbnail = listed["items"][0]["thumbnail"]
    assert lan.client.get(f"/api/v1/assets/{thumbnail}/file", headers=ada).status_code == 200
    assert names == [["first"], ["second"]]
    assert lan.client.post(f"{second}/restore", headers=ada).json()["project"]["trashed"] is None
    renamed = lan.client.patch(second, json={"name": "other"}, headers=ada).json()["project"]
    assert renamed["name"] == "other"


def test_followers_are_told_that_a_project_changed(lan: House) -> None:
    ada = lan.owner()
    address = new(lan, ada)
    news = lan.client.get("/api/v1/jobs", headers=ada).json()

    lan.client.post(f"{address}/undo", headers=ada)
    lan.client.patch(address, json={"name": "other"}, headers=ada)
    later = lan.client.get(f"/api/v1/jobs?since={news['version']}&wait=5", headers=ada).json()

    assert later["status"]["projects_version"] != news["status"]["projects_version"]


def test_another_owner_sees_nothing_of_it(lan: House) -> None:
    ada, eve = lan.owner(), lan.owner()
    address = new(lan, ada)
    step = add(lan, address, "sky", ada)["project"]["steps"][0]
    settled(lan, address, ada)
    steps = f"{address}/steps"
    asked: list[tuple[str, str, Values]] = [
        ("GET", address, {}), ("DELETE", address, {}), ("PATCH", address, {"name": "mine"}),
        ("POST", f"{address}/undo", {}), ("POST", f"{address}/redo", {}),
        ("POST", f"{address}/replay", {}), ("POST", f"{address}/restore", {}),
        ("POST", steps, {"request": asking()}), ("GET", f"{address}/file", {}),
        ("PATCH", f"{steps}/{step['id']}", {"is_enabled": False}),
    ]  # fmt: skip

    for method, path, body in asked:
        answer = lan.client.request(method, path, json=body, headers=eve)
        assert answer.status_code == 404, (method, path)
    assert lan.client.get("/api/v1/projects", headers=eve).json()["items"] == []
    picture = settled(lan, address, ada)["steps"][0]["picture_id"]
    for body in ({"picture": picture}, {"image": step["source"]}):
        assert lan.client.post("/api/v1/projects", json=body, headers=eve).status_code in (404, 422)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "", {}, "image"),
        ("POST", "", {"image": "x", "picture": "y"}, "image"),
        ("POST", "", {"image": "f" * 32}, "image"),
        ("POST", "", {"image": 5}, "image"),
        ("POST", "", {"image": "x", "name": "n" * 201}, "name"),
        ("POST", "/steps", {}, "request"),
        ("POST", "/steps", {"request": {"prompt": "x"}}, "source"),
        ("POST", "/steps", {"request": asking(source={"strength": 7})}, "source.strength"),
        ("POST", "/steps", {"request": asking(), "client_request_id": "x" * 65}, "client_request_id"),
        ("POST", "/steps", {"tool": {"tool": "melt"}}, "tool"),
        ("POST", "/replay", {"from": []}, "from"),
        ("PATCH", "/steps/STEP", {"is_enabled": 1}, "is_enabled"),
        ("PATCH", "/steps/STEP", {"state": "done"}, "state"),
        ("PATCH", "/steps/STEP", {"request": asking(steps=0)}, "steps"),
        ("PATCH", "/steps/STEP", {"name": ["x"]}, "name"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_a_remedy(
    home: House, stack: str, method: str, path: str, body: Values, field: str
) -> None:
    step = home.client.get(stack).json()["project"]["steps"][0]["id"]
    address = f"{stack}{path}".replace("STEP", step) if path else "/api/v1/projects"

    answer = home.client.request(method, address, json=body)

    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["field"], bool(error["remedy"])) == (field, True)


@pytest.fixture(scope="module")
def stack(home: House) -> str:
    """A project that the tests read and do not change."""
    return edited(home, "sky")


def test_a_damaged_project_file_is_named_and_the_others_are_listed(
    door: Callable[..., AbstractContextManager[House]],
) -> None:
    with door() as house:
        one, other = new(house, name="one"), new(house, name="other")
        (file,) = (house.settings.output_dir / "projects").rglob(f"{one.rpartition('/')[2]}.json")
        file.write_text("{")

        listed = house.client.get("/api/v1/projects").json()

        assert [item["name"] for item in listed["items"]] == ["other"]
        assert listed["damaged"] == [file.name]
        assert house.client.get(one).status_code == 404
        assert house.client.get(other).status_code == 200


# ---- the project file ----------------------------------------------------------------------------------


def test_a_project_goes_in_a_file_to_another_server_and_goes_on_there(
    home: House, tmp_path: Path
) -> None:
    address = new(home, name="Sommer / 2024")
    masked = {"mask": asset(home, mask()), "area": "picture"}
    add(home, address, "sky", inpainting=masked)
    add(home, address, "door")
    settled(home, address)
    act(home, f"{address}/undo")
    here = home.client.get(address).json()["project"]

    sent = home.client.get(f"{address}/file")
    with opened(tmp_path) as there:
        answer = there.client.post("/api/v1/projects/file", content=sent.content)
        assert answer.status_code == 201, answer.text
        copy = answer.json()["project"]
        images = [
            there.client.get(f"/api/v1/assets/{copy[name]}/file").content
            for name in ("base", "image")
        ]
        place = f"/api/v1/projects/{copy['id']}"
        jobs = there.client.get("/api/v1/jobs").json()["jobs"]
        add(there, place, "cat")
        after = settled(there, place)

    assert sent.headers["content-disposition"].startswith("attachment")
    assert "darkroom.zip" in sent.headers["content-disposition"]
    assert copy["id"] != here["id"]
    assert (copy["name"], copy["position"], states(copy)) == ("Sommer / 2024", 1, ["done", "done"])
    assert jobs == []
    for name, image in zip(("base", "image"), images, strict=True):
        original = home.client.get(f"/api/v1/assets/{here[name]}/file").content
        assert pixels(image) == pixels(original)
    assert copy["steps"][0]["request"]["inpainting"]["mask"]
    assert after["steps"][1]["source"] == copy["steps"][0]["image"]


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB").tobytes()


def contents(**changes: Any) -> Values:
    step = {
        "name": "sky",
        "request": asking(),
        "tool": None,
        "is_enabled": True,
        "image": "pictures/bb.png",
    }
    whole = {"format": "darkroom project", "version": 1, "name": "n", "base": "pictures/aa.png"}
    return {**whole, "steps": [step], "position": 1, **changes}


def packed(values: Any, **members: bytes) -> bytes:
    """A project file; `members` beside its own two pictures."""
    data = io.BytesIO()
    text = values if isinstance(values, bytes) else json.dumps(values).encode()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", text)
        for name, content in {
            "pictures/aa.png": png(),
            "pictures/bb.png": png(),
            **members,
        }.items():
            archive.writestr(name, content)
    return data.getvalue()


def without(name: str) -> bytes:
    data = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed(contents()))) as whole,
        zipfile.ZipFile(data, "w") as less,
    ):
        for member in whole.namelist():
            if member != name:
                less.writestr(member, whole.read(member))
    return data.getvalue()


def one_step(**changes: Any) -> Values:
    (step,) = contents()["steps"]
    return contents(steps=[{**step, **changes}])


def test_a_sound_file_is_opened(home: House) -> None:
    answer = home.client.post("/api/v1/projects/file", content=packed(contents()))

    assert answer.status_code == 201, answer.text
    assert states(answer.json()["project"]) == ["done"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"PK", b"no zip", packed(contents())[:-40], packed(contents())[:300],
        packed(b"{"), packed(b"[]"), packed(b"[" * 100_000), packed({}), packed(b"\xff\xfe"),
        packed(contents(format="other")), packed(contents(version=2)),
        packed(contents(steps=5)), packed(contents(steps=[5])), packed(contents(steps=[None] * 101)),
        packed(contents(position=2)), packed(contents(position=-1)), packed(contents(position="1")),
        packed(contents(name=5)), packed(contents(base="")), packed(contents(base=None)),
        packed(contents(base="pictures/cc.png")), packed(contents(base="../../etc/passwd")),
        packed(one_step(request=None)), packed(one_step(request=5)), packed(one_step(request={})),
        packed(one_step(tool={"tool": "x"})), packed(one_step(is_enabled=1)),
        packed(one_step(request=asking(inpainting={"mask": "f" * 32}))),
        packed(contents(), **{"../evil.png": png()}), packed(contents(), **{"/etc/x": b""}),
        packed(contents(), **{"pictures/..png": png()}), packed(contents(), **{"run.exe": b"x"}),
        packed(contents(), **{"pictures/aa.png": b"<svg></svg>"}),
        packed(contents(), **{"pictures/aa.png": b"\x89PNG\r\n\x1a\nbroken"}),
        packed(contents(), **{f"pictures/{n:x}.png": b"" for n in range(1000)}),
        without("project.json"), without("pictures/aa.png"), without("pictures/bb.png"),
    ],
    ids=lambda data: str(len(data)),
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_refused_and_leaves_nothing(
    home: House, data: bytes
) -> None:
    before = len(home.client.get("/api/v1/projects").json()["items"])

    answer = home.client.post("/api/v1/projects/file", content=data)

    assert answer.status_code in (413, 415, 422), answer.text
    assert answer.json()["error"]["remedy"]
    assert len(home.client.get("/api/v1/projects").json()["items"]) == before


def test_a_file_that_would_fill_the_disk_is_refused_by_what_it_says_and_by_what_it_is(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = packed(contents(), **{"pictures/aa.png": b"\x89PNG\r\n\x1a\n" + bytes(3_000_000)})
    assert len(bomb) < 100_000

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.projects.file.ALL_BYTES", 2_000_000)
        told = home.client.post("/api/v1/projects/file", content=bomb)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.projects.file.PICTURE_BYTES", 2_000_000)
        found = home.client.post("/api/v1/projects/file", content=bomb)

    assert (told.status_code, found.status_code) == (413, 413)


def test_a_project_is_reopened_from_its_picture(home: House) -> None:
    project = home.client.get(edited(home, "sky", "door")).json()["project"]

    body = {"picture": project["steps"][1]["picture_id"], "name": "again"}
    again = home.client.post("/api/v1/projects", json=body).json()["project"]

    assert [step["image"] for step in again["steps"]] == [
        step["image"] for step in project["steps"]
    ]
    assert (again["name"], states(again)) == ("again", ["done", "done"])


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
values = st.recursive(
    scalars | st.sampled_from(["tones", "f" * 32, {"tool": "tones"}, asking()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
names = ["image", "picture", "name", "reopen", "request", "tool", "is_enabled", "from", "source"]
bodies = st.dictionaries(st.sampled_from(names), values, max_size=4)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("POST", "/steps"),
        ("PATCH", "/steps/STEP"),
        ("POST", "/replay"),
        ("PATCH", ""),
    ],
)
@given(body=bodies)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_there_is_no_fault_of_ours(
    home: House, stack: str, method: str, path: str, body: Values
) -> None:
    step = home.client.get(stack).json()["project"]["steps"][0]["id"]
    address = f"{stack}{path}".replace("STEP", step) if path or method == "PATCH" else PROJECTS

    answer = home.client.request(method, address, content=json.dumps(body))

    assert answer.status_code < 500, answer.text
    assert answer.json()  # which NaN would break


def test_tools_are_listed_with_their_settings(home: House) -> None:
    for tool in home.client.get("/api/v1/projects/tools").json():
        assert {"tool", "says", "settings"} == set(tool)
