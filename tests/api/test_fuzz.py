"""Whatever is sent, the answer is a refusal in our form or a job, never a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.a1111_fields import FIELDS, HIRES
from tests.api.conftest import House

OURS = ("kind", "prompt", "negative_prompt", "checkpoint", "width", "height", "sampling", "seed", "batch_size",
        "batch_count", "draft_fraction", "exact", "format", "client_request_id", "clip_skip", "refiner",
        "refiner_switch_at")  # fmt: skip
SAMPLING = ("sampler", "schedule", "steps", "guidance_scale")
THEIRS = [field.theirs for field in (*FIELDS, *HIRES)] + [
    *("override_settings", "send_images", "enable_hr", "firstphase_width", "infotext", "styles"),
    *("alwayson_scripts", "script_name"),
]

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-(10**350), 10**350), st.floats(), st.text(max_size=20),
    st.sampled_from([0, -1, 64, 512, 2048, 2049, 0.5, 1e308, "Euler", "png", "still"]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
quiet = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def bodies(names: tuple[str, ...] | list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), values, max_size=5)


@given(body=bodies(OURS), sampling=bodies(SAMPLING) | values)
@quiet
def test_the_native_api_has_no_fault_in_it(
    home: House, body: dict[str, Any], sampling: Any
) -> None:
    sent = json.dumps({**body, "sampling": sampling, "batch_count": body.get("batch_count", 0)})

    answer = home.client.post("/api/v1/jobs", content=sent)

    check(answer, lambda found: found["error"]["message"])


@given(body=bodies(THEIRS))
@quiet
def test_the_dialect_has_no_fault_in_it(home: House, body: dict[str, Any]) -> None:
    sent = json.dumps(
        {**body, "n_iter": body.get("n_iter") or 0}
    )  # 0 is refused: no picture need be made

    answer = home.client.post("/sdapi/v1/txt2img", content=sent)

    check(answer, lambda found: found["detail"])


def check(answer: Any, message: Any) -> None:
    assert answer.status_code < 500, answer.text
    found = answer.json()  # which NaN would break
    if answer.status_code >= 400:
        assert message(found)


@pytest.mark.parametrize("path", ["/api/v1/tokens", "/api/v1/jobs/x/develop", "/sdapi/v1/options"])
@given(
    body=st.dictionaries(
        st.sampled_from(["text", "checkpoint", "pictures", "sd_model_checkpoint"]), values
    )
)
@quiet
def test_the_smaller_bodies_have_none_either(home: House, path: str, body: dict[str, Any]) -> None:
    answer = home.client.post(path, content=json.dumps(body))

    assert answer.status_code < 500, answer.text


@given(raw=st.binary(max_size=60))
@quiet
def test_bytes_that_are_no_json_have_none_either(home: House, raw: bytes) -> None:
    for path in ("/api/v1/jobs", "/sdapi/v1/txt2img", "/api/v1/assets", "/login"):
        assert home.client.post(path, content=raw).status_code < 500


@given(
    query=st.dictionaries(
        st.sampled_from(["q", "cursor", "limit", "trash", "after", "before"]), st.text(max_size=12)
    )
)
@quiet
def test_a_search_has_none_either(home: House, query: dict[str, str]) -> None:
    answer = home.client.get("/api/v1/pictures", params=query)

    assert answer.status_code < 500, answer.text
