"""The dialect of AUTOMATIC1111: what its clients send is taken as it is meant, what they read is where they look."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from api.a1111_lists import EMPTY
from tests import paper_file
from tests.api.conftest import PATIENCE_SECONDS, House

SMALL = {"width": 64, "height": 64, "steps": 3}


def txt2img(house: House, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return house.client.post("/sdapi/v1/txt2img", json={**SMALL, **fields}, headers=headers)


def made(house: House, **fields: Any) -> dict[str, Any]:
    answer = txt2img(house, **fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def image(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_the_answer_holds_pictures_with_their_text_what_was_asked_and_what_came_of_it(
    home: House,
) -> None:
    answer = made(
        home, prompt="a red circle", negative_prompt="blur", seed=5, batch_size=2, n_iter=2
    )
    info = json.loads(answer["info"])

    assert len(answer["images"]) == 4
    first = image(answer["images"][0])
    assert (first.format, first.size) == ("PNG", (64, 64))
    assert first.info["parameters"] == info["infotexts"][0]
    assert first.info["parameters"].startswith("a red circle\nNegative prompt: blur\nSteps: 3, ")
    assert info["all_seeds"] == [5, 6, 7, 8]
    assert (info["seed"], info["width"], info["steps"], info["batch_size"]) == (5, 64, 3, 2)
    assert info["index_of_first_image"] == 0
    assert answer["parameters"]["n_iter"] == 2
    assert answer["parameters"]["negative_prompt"] == "blur"


def test_info_has_the_keys_that_clients_read(home: House) -> None:
    info = json.loads(made(home)["info"])

    keys = """prompt all_prompts negative_prompt all_negative_prompts seed all_seeds subseed all_subseeds
    subseed_strength width height sampler_name cfg_scale steps batch_size restore_faces face_restoration_model
    sd_model_name sd_model_hash sd_vae_name sd_vae_hash seed_resize_from_w seed_resize_from_h denoising_strength
    extra_generation_params index_of_first_image infotexts styles job_timestamp clip_skip
    is_using_inpainting_conditioning version"""
    assert set(keys.split()) == set(info)


def test_what_is_left_out_takes_the_checkpoints_own_defaults(home: House) -> None:
    defaults = home.manager.catalog.find(None).defaults

    answer = home.client.post("/sdapi/v1/txt2img", json={"prompt": "x"}).json()

    info = json.loads(answer["info"])
    assert (info["width"], info["height"]) == (defaults.width, defaults.height)
    assert (info["steps"], info["cfg_scale"]) == (defaults.steps, defaults.guidance_scale)
    assert info["sampler_name"] == defaults.sampler


def test_a_refiner_is_called_by_its_title(home: House) -> None:
    (row,) = [row for row in home.client.get("/sdapi/v1/sd-models").json()]

    own = made(home, refiner_checkpoint=row["title"], refiner_switch_at=0.5)
    none = made(home, refiner_checkpoint="None", refiner_switch_at=0)
    gone = txt2img(home, refiner_checkpoint="gone [0123456789]")

    assert len(own["images"]) == len(none["images"]) == 1
    assert none["parameters"]["refiner_checkpoint"] is None
    assert (gone.status_code, gone.json()["field"]) == (422, "refiner_checkpoint")


def test_what_clients_send_beside_the_point_is_passed_over(home: House) -> None:
    answer = made(
        home,
        prompt="x",
        seed=None,
        cfg_scale=None,
        sampler_name=None,
        scheduler=None,
        negative_prompt=None,
        styles=[],
        alwayson_scripts={"ControlNet": {"args": []}},
        override_settings={"CLIP_stop_at_last_layers": 1},
        eta=1.0,
        seed_resize_from_h=0,
        hr_upscaler="Latent",
        enable_hr=False,
        save_images=True,
        something_new={"a": [1]},
    )

    assert len(answer["images"]) == 1


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ({"width": 64.0, "steps": 3.0, "seed": 4.0}, {"width": 64, "steps": 3, "seed": 4}),
        ({"width": "64", "steps": "3"}, {"width": 64, "steps": 3}),
        ({"width": 70, "height": 79.9}, {"width": 64, "height": 72}),
        ({"width": -1, "height": -1}, {}),
        ({"sampler_name": "DPM++ 2M Karras"}, {"sampler_name": "DPM++ 2M"}),
        ({"sampler_name": "Euler a", "sampler_index": "DDIM"}, {"sampler_name": "Euler a"}),
        ({"sampler_name": None, "sampler_index": "k_euler"}, {"sampler_name": "Euler"}),
        ({"sampler_name": "", "scheduler": ""}, {}),
        ({"cfg_scale": "7.5"}, {"cfg_scale": 7.5}),
        ({}, {"clip_skip": 1}),
        ({"clip_skip": 0}, {"clip_skip": 1}),
        ({"clip_skip": 3, "override_settings": {"CLIP_stop_at_last_layers": 2}}, {"clip_skip": 2}),
    ],
)
def test_values_are_taken_as_they_are_meant(
    home: House, sent: dict[str, Any], meant: dict[str, Any]
) -> None:
    info = json.loads(made(home, **sent)["info"])

    assert {name: info[name] for name in meant} == meant


@pytest.mark.parametrize(
    ("sent", "schedule"),
    [
        ({"sampler_name": "Euler", "scheduler": "karras"}, "Karras"),
        ({"sampler_name": "Euler", "scheduler": "SGM Uniform"}, "SGM Uniform"),
        ({"sampler_name": "DPM++ 2M Exponential", "scheduler": "automatic"}, "Exponential"),
    ],
)
def test_the_schedule_stands_alone_or_behind_the_sampler(
    home: House, sent: dict[str, Any], schedule: str
) -> None:
    info = json.loads(made(home, **sent)["info"])

    assert info["extra_generation_params"]["Schedule type"] == schedule


def test_pictures_can_be_left_out_of_the_answer_and_are_saved_all_the_same(home: House) -> None:
    answer = made(home, prompt="unsent", send_images=False)

    assert answer["images"] == []
    assert home.client.get("/api/v1/pictures?q=unsent").json()["total"] == 1


def test_a_checkpoint_can_be_named_for_one_request_also_with_a_hash(home: House) -> None:
    name = home.manager.catalog.find(None).name

    info = json.loads(
        made(home, override_settings={"sd_model_checkpoint": f"{name} [0123456789]"})["info"]
    )

    assert info["sd_model_name"] == name


def test_a_file_is_listed_and_chosen_by_title_and_hash(home: House) -> None:
    path = paper_file.write(home.settings.models_dir[0] / "sub" / "Drawn v1.safetensors")
    defaults = {"width": 64, "height": 64, "steps": 2}
    path.with_name("Drawn v1.darkroom.json").write_text(json.dumps({"defaults": defaults}))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert home.client.post("/sdapi/v1/refresh-checkpoints").json() is None
    home.manager.hashes.work_out(path)

    rows = home.client.get("/sdapi/v1/sd-models").json()
    row = next(one for one in rows if one["model_name"] == "Drawn v1")
    assert row == {
        "title": f"Drawn v1 [{digest[:10]}]",
        "model_name": "Drawn v1",
        "hash": digest[:10],
        "sha256": digest,
        "filename": "Drawn v1.safetensors",
        "config": None,
    }
    for called in (row["title"], row["model_name"], row["hash"], row["filename"], "drawn V1"):
        answer = made(home, override_settings={"sd_model_checkpoint": called})
        told = json.loads(answer["info"])
        assert (told["sd_model_name"], told["sd_model_hash"]) == ("Drawn v1", digest[:10])
        assert f"Model hash: {digest[:10]}, Model: Drawn v1" in told["infotexts"][0]
    home.client.post("/sdapi/v1/options", json={"sd_model_checkpoint": row["hash"]})
    options = home.client.get("/sdapi/v1/options").json()
    assert options["sd_model_checkpoint"] == row["title"]
    path.unlink()
    name = home.manager.catalog.find(None).name
    home.client.post("/sdapi/v1/options", json={"sd_model_checkpoint": name})


def test_a_file_that_is_used_gets_its_hash(home: House) -> None:
    path = paper_file.write(home.settings.models_dir[0] / "used.safetensors")

    made(home, override_settings={"sd_model_checkpoint": "used"})

    deadline = time.monotonic() + PATIENCE_SECONDS
    while not home.manager.hashes.of(path) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert home.manager.hashes.of(path)
    path.unlink()


UNUSABLE = [
    ("width", 63), ("width", 0), ("width", -2), ("width", 10**12), ("height", 1e300), ("height", "tall"),
    ("steps", 0), ("steps", -1), ("steps", 10**9), ("steps", []), ("steps", True),
    ("cfg_scale", -1), ("cfg_scale", 1e9), ("cfg_scale", 10**400), ("cfg_scale", "nan"), ("cfg_scale", {}),
    ("batch_size", 0), ("batch_size", -1), ("batch_size", 1000), ("n_iter", 0), ("n_iter", -1),
    ("n_iter", 10**6), ("seed", -2), ("seed", 10**30), ("seed", "x"),
    ("sampler_name", "Magic"), ("sampler_name", 5), ("scheduler", "Magic"), ("scheduler", 5),
    ("prompt", 5), ("prompt", "x" * 20_000), ("negative_prompt", ["x"]),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), UNUSABLE)
def test_what_cannot_be_used_is_refused_under_the_name_that_the_client_knows(
    home: House, field: str, value: Any
) -> None:
    answer = txt2img(home, **{field: value})

    said = answer.json()
    assert answer.status_code == 422, answer.text
    assert said["field"] == field
    assert field in said["detail"]
    assert said["value"]
    assert said["remedy"]
    assert said["remedy"] in said["errors"]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    "field", ["width", "cfg_scale", "seed", "n_iter", "eta", "denoising_strength"]
)
def test_what_is_no_finite_number_is_refused_also_where_it_would_be_passed_over(
    home: House, field: str, literal: str
) -> None:
    answer = home.client.post("/sdapi/v1/txt2img", content=f'{{"{field}": {literal}}}')

    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_a_checkpoint_that_is_not_there_is_named_where_the_client_wrote_it(home: House) -> None:
    answer = txt2img(home, override_settings={"sd_model_checkpoint": "nowhere"})

    assert answer.status_code == 422
    assert answer.json()["field"] == "override_settings.sd_model_checkpoint"


def test_a_body_that_is_no_json_is_refused_in_the_dialect(home: House) -> None:
    answer = home.client.post("/sdapi/v1/txt2img", content="{")

    assert answer.status_code == 400
    assert "JSON" in answer.json()["detail"]


def test_a_picture_that_fails_is_an_error_with_its_reason(home: House) -> None:
    answer = txt2img(home, prompt="fake:nan@2")

    assert answer.status_code == 500
    assert answer.json()["error"] == "not_finite"
    assert "NaN" in answer.json()["detail"]


def run_slowly(house: House) -> tuple[threading.Thread, list[Any]]:
    """A long txt2img under way in a thread, and the list that its answer will stand in."""
    answers: list[Any] = []
    fields = {"prompt": "fake:step=0.05", "steps": 100, "batch_size": 2}
    thread = threading.Thread(target=lambda: answers.append(txt2img(house, **fields)))
    thread.start()
    return thread, answers


def progress_when(house: House, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while not is_so(found := house.client.get("/sdapi/v1/progress").json()):
        continue
    result: dict[str, Any] = found
    return result


def test_progress_follows_the_job_and_interrupt_ends_it_with_what_there_is(home: House) -> None:
    thread, answers = run_slowly(home)

    seen = progress_when(home, lambda found: found["current_image"] and found["progress"] > 0)
    assert home.client.post("/sdapi/v1/interrupt").json() == {}
    thread.join(30)

    assert 0 < seen["progress"] < 1
    assert seen["state"]["job_count"] == 1
    assert seen["state"]["sampling_steps"] == 100
    assert image(seen["current_image"]).size[0] > 0
    assert answers[0].status_code == 200
    assert answers[0].json()["images"] == []
    idle = progress_when(home, lambda found: found["state"]["job_count"] == 0)
    assert (idle["progress"], idle["current_image"]) == (0.0, None)


def test_skip_ends_the_job_too_and_answers_json(home: House) -> None:
    thread, answers = run_slowly(home)
    progress_when(home, lambda found: found["progress"] > 0)

    assert home.client.post("/sdapi/v1/skip").json() is None
    thread.join(30)

    assert answers[0].status_code == 200


def test_interrupt_leaves_the_jobs_of_others_alone(lan: House) -> None:
    ada, bob = lan.owner(), lan.owner()
    slow = {**SMALL, "prompt": "fake:step=0.02", "steps": 20}
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(lan.client.post("/sdapi/v1/txt2img", json=slow, headers=ada))
    )
    thread.start()
    while not lan.client.get("/sdapi/v1/progress", headers=ada).json()["progress"]:
        continue

    assert lan.client.get("/sdapi/v1/progress", headers=bob).json()["state"]["job_count"] == 0
    lan.client.post("/sdapi/v1/interrupt", headers=bob)
    thread.join(30)

    assert len(answers[0].json()["images"]) == 1


def test_lists_have_the_form_that_clients_read(home: House) -> None:
    samplers = home.client.get("/sdapi/v1/samplers").json()
    schedulers = home.client.get("/sdapi/v1/schedulers").json()
    models = home.client.get("/sdapi/v1/sd-models").json()

    assert {
        "name": "Euler a",
        "aliases": ["k_euler_a", "k_euler_ancestral"],
        "options": {},
    } in samplers
    assert ("sgm_uniform", "SGM Uniform") in [(row["name"], row["label"]) for row in schedulers]
    assert {"title", "model_name", "hash", "sha256", "filename", "config"} == set(models[0])


def test_every_name_that_a_list_gives_can_be_sent_back(home: House) -> None:
    samplers = home.client.get("/sdapi/v1/samplers").json()
    schedulers = home.client.get("/sdapi/v1/schedulers").json()
    models = home.client.get("/sdapi/v1/sd-models").json()

    for row in samplers:
        made(home, sampler_name=row["name"])
    for row in schedulers:
        made(home, scheduler=row["name"])
        made(home, scheduler=row["label"])
    for row in models:
        made(home, override_settings={"sd_model_checkpoint": row["title"]})


def test_options_take_their_own_answer_back_whole(home: House) -> None:
    options = home.client.get("/sdapi/v1/options").json()

    answer = home.client.post("/sdapi/v1/options", json=options)

    assert answer.status_code == 200
    assert answer.json() is None
    keys = """sd_model_checkpoint sd_vae CLIP_stop_at_last_layers send_seed samples_format
    img2img_color_correction face_restoration_model inpainting_mask_weight"""
    assert set(keys.split()) <= set(options)
    assert options["sd_model_checkpoint"] == home.manager.catalog.find(None).name


def test_options_refuse_a_checkpoint_that_is_not_there(home: House) -> None:
    answer = home.client.post("/sdapi/v1/options", json={"sd_model_checkpoint": "nowhere"})

    assert answer.status_code == 404
    assert "nowhere" in answer.json()["detail"]


def test_what_there_is_none_of_is_an_empty_list_and_the_rest_is_not_found(home: House) -> None:
    for name, nothing in EMPTY.items():
        assert home.client.get(f"/sdapi/v1/{name}").json() == nothing
    assert home.client.post("/sdapi/v1/refresh-checkpoints").json() is None
    assert home.client.get("/sdapi/v1/tea").status_code == 404


def test_a_client_that_leaves_takes_its_job_with_it(home: House) -> None:
    """Sent as raw messages: the test client cannot hang up."""
    fields = {**SMALL, "prompt": "fake:step=0.05 left alone", "steps": 100}

    async def leave() -> None:
        is_running = False
        body = [{"type": "http.request", "body": json.dumps(fields).encode(), "more_body": False}]

        async def receive() -> Any:
            nonlocal is_running
            if body:
                return body.pop()
            version = 0
            while not is_running:
                news = await home.manager.changes("local", version, 5)
                version = news.version
                is_running = any(
                    "left alone" in j.request.prompt and j.state == "running" for j in news.jobs
                )
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return

        headers = [(b"host", b"localhost"), (b"content-length", b"100")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/sdapi/v1/txt2img",
            "query_string": b"",
            "headers": headers,
        }
        await home.client.app(scope, receive, send)

    assert home.client.portal is not None
    home.client.portal.call(leave)

    job = next(j for j in home.manager.jobs("local") if "left alone" in j.request.prompt)
    assert home.ended(job.id)["state"] == "cancelled"
