"""Going on over HTTP: pause and resume, branches, and what is said when that cannot be."""

from __future__ import annotations

import time
from typing import Any

from tests.api.conftest import SMALL, House, png


def seen(home: House, address: str, state: str) -> dict[str, Any]:
    """The job, once it is in this state."""
    deadline, version = time.monotonic() + 30, 0
    while (job := home.client.get(address).json())["state"] != state:
        assert time.monotonic() < deadline, job
        version = home.client.get(f"/api/v1/jobs?since={version}&wait=1").json()["version"]
    return dict(job)


def test_a_job_is_paused_and_resumed(home: House) -> None:
    slow = {**SMALL, "prompt": "fake:step=0.02", "sampling": {"steps": 60}}
    address = f"/api/v1/jobs/{home.client.post('/api/v1/jobs', json=slow).json()['id']}"
    seen(home, address, "running")
    while home.client.get(address).json()["pictures"][0]["step"] < 2:
        home.client.get("/api/v1/jobs?wait=0.1")

    assert home.client.post(f"{address}/pause").status_code == 200
    job = seen(home, address, "paused")

    (picture,) = job["pictures"]
    assert picture["state"] == "paused"
    assert 2 <= picture["step"] < 60
    assert home.client.get(f"{address}/pictures/0/preview").status_code == 200
    assert home.client.post(f"{address}/resume").json()["state"] in ("queued", "running")
    assert home.ended(job["id"])["state"] == "done"
    again = home.client.post(f"{address}/pause")
    assert again.status_code == 422
    assert again.json()["error"]["remedy"]


def test_a_picture_is_branched_from(home: House) -> None:
    asked = {"sampling": {"steps": 10, "sampler": "Euler a"}, "prompt": "a star", "seed": 5}
    picture = home.make(**asked)["pictures"][0]["picture_id"]
    address = f"/api/v1/pictures/{picture}/branch"
    body = {"step": 4, "prompt": "a moon", "later_seed": -1, "batch_size": 2}

    answer = home.client.post(address, json={**body, "client_request_id": "one click"})

    assert answer.status_code == 201
    job = home.ended(answer.json()["id"])
    assert [one["state"] for one in job["pictures"]] == ["done", "done"]
    request = job["request"]
    assert (request["prompt"], request["seed"]) == ("a moon", 5)
    (before,) = request["beginnings"]
    assert (before["until"], before["prompt"], before["later_seed"]) == (4, "a star", None)
    record = home.client.get(f"/api/v1/pictures/{job['pictures'][1]['picture_id']}").json()
    assert record["request"]["noise"]["later_seed"] == request["noise"]["later_seed"] + 1
    assert record["request"]["beginnings"] == request["beginnings"]
    same = home.client.post(address, json={**body, "client_request_id": "one click"})
    assert same.json()["id"] == job["id"]
    grandchild = f"/api/v1/pictures/{record['id']}/branch"
    further = home.client.post(grandchild, json={"step": 7, "guidance_scale": 2.0}).json()
    assert [one["until"] for one in home.ended(further["id"])["request"]["beginnings"]] == [4, 7]


def test_a_branch_that_cannot_be_is_refused_at_its_field(home: House) -> None:
    picture = home.make(sampling={"steps": 4, "sampler": "Euler"})["pictures"][0]["picture_id"]
    address = f"/api/v1/pictures/{picture}/branch"

    for body, field in (
        ({"prompt": "a moon"}, "step"),
        ({"step": 2}, "step"),
        ({"step": 2, "later_seed": 4}, "later_seed"),
        ({"step": 2, "moon": 4}, "moon"),
        ({"step": 2, "prompt": "a", "client_request_id": 7}, "client_request_id"),
    ):
        answer = home.client.post(address, json=body)
        assert answer.status_code == 422, body
        assert answer.json()["error"]["field"] == field
    nowhere = home.client.post(f"/api/v1/pictures/{'0' * 32}/branch", json={"step": 2})
    assert nowhere.status_code == 404


def test_a_picture_that_says_nothing_of_its_making_has_no_branches(home: House) -> None:
    folder = home.settings.output_dir
    (folder / "found.png").write_bytes(png())
    home.manager.library.reconcile()
    found = home.manager.library.search("local").items[0]

    answer = home.client.post(f"/api/v1/pictures/{found.id}/branch", json={"step": 2})

    assert answer.status_code == 422
    assert "does not say how it was made" in answer.json()["error"]["message"]
