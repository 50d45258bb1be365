"""A GPU process without a GPU or torch: it speaks the messages of the real one and makes plain, repeatable pictures.

What it does to a picture can be scripted by words in the prompt, e.g. "a red circle fake:die@3":

    fake:step=0.2       seconds a step takes (this and `load` also in the environment, for all jobs)
    fake:load=1.5       seconds that loading takes before its first step
    fake:die@3          kills its own process (signal 9) at step 3      fake:die-once@3  only the first time
    fake:poison@3       says that the GPU is lost, and ends with exit code 77
    fake:hang@3         never comes back from step 3, and says so       fake:wait-once@3 waits for its death
    fake:nan@3          this picture fails at step 3 as NaN             fake:oom         fails for lack of memory

The environment variable DARKROOM_FAKE may hold `step=0.02 load=0.1 start=2 die-at-start die-at-warm-up
quit-when-ready=0.1 folder=/tmp/x` (`folder`: where what happens once is remembered).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import queue
import random
import re
import signal
import struct
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from pipelines.errors import NotFinite, OutOfMemory, StateDamaged, StudioError
from pipelines.request import Request
from pipelines.worker.finetune.messages import (
    DropTraining,
    FinishTraining,
    RestTraining,
    Train,
)
from pipelines.worker.messages import (
    Cancel,
    Dying,
    Heartbeat,
    Hello,
    Holder,
    JobEnded,
    KeptStep,
    Launch,
    Pause,
    PictureDone,
    PictureFailed,
    PictureHeld,
    PictureTask,
    Pixels,
    Probe,
    Probed,
    Progress,
    Ready,
    Stage,
    Stop,
    Submit,
    Unload,
)
from tests.fake_training import FakeTraining, words

STEP_SECONDS = 0.01
HEARTBEAT_SECONDS = 0.25
SHARED_FROM_BYTES = 2**20
PREVIEW_PX = 48


def main(connection: Connection, launch: Launch) -> None:
    """Runs until Stop, or until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    script = parse(os.environ.get("DARKROOM_FAKE", ""), prefix="")
    if "die-at-start" in script:
        os._exit(3)
    if "die-at-warm-up" in script and launch.warm_up:
        os._exit(5)
    time.sleep(float(script.get("start", 0)))
    FakeWorker(connection, launch, script).run()


def parse(text: str, prefix: str = "fake:") -> dict[str, str]:
    """The script words of a text: `name`, `name=value` or `name@step`."""
    words = re.findall(rf"(?:^|\s){prefix}([a-z0-9-]+)(?:[=@](\S+))?", text)
    return dict(words)


@dataclass
class Developing:
    """One picture under way."""

    job: Submit
    task: PictureTask
    script: dict[str, str]
    step: int = 0
    has_stepped: bool = False
    previewed_at: float = 0.0
    kept: list[KeptStep] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @cached_property
    def request(self) -> Request:
        """With what is this picture's alone."""
        return Request.from_dict(self.job.request).changed(self.task.changes)

    @property
    def steps(self) -> int:
        return max(1, self.request.steps_in_all)

    @property
    def first(self) -> int:
        """How many steps are passed over, since it starts from a picture."""
        return (self.request.sampling.steps or 0) - max(1, self.request.steps_taken)


class FakeWorker:
    """One thread plays the GPU, one reads, one sends the heartbeat."""

    def __init__(self, connection: Connection, launch: Launch, script: dict[str, str]) -> None:
        self._connection, self._launch, self._script = connection, launch, script
        self._sending = threading.Lock()
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._waiting: list[Developing] = []
        self._active: list[Developing] = []
        self._loaded: list[str] = []
        self._forwards = self._calls = 0
        self._is_hung = self._is_stopping = False
        self._training: FakeTraining | None = None

    def run(self) -> None:
        started = time.monotonic()
        name = "Fake device"
        self._say(Hello(os.getpid(), "cpu", name, "float32", "none", 8 * 2**30))
        for work in (self._read, self._beat):
            threading.Thread(target=work, daemon=True).start()
        checkpoint = self._launch.warm_up.name if self._launch.warm_up else ""
        self._loaded = [checkpoint] if checkpoint else []
        self._say(Ready(checkpoint, time.monotonic() - started))
        if "quit-when-ready" in self._script:
            time.sleep(float(self._script["quit-when-ready"]))
            os._exit(4)
        while not self._is_stopping:
            self._take_messages()
            self._admit()
            if self._active:
                self._forward()
            elif self._training is not None:
                self._train(self._training)

    # ---- messages ------------------------------------------------------------------------------------

    def _say(self, message: Any) -> None:
        with self._sending:
            try:
                self._connection.send(message)
            except OSError:
                os._exit(0)  # the parent is gone

    def _read(self) -> None:
        try:
            while True:
                self._inbox.put(self._connection.recv())
        except (EOFError, OSError):
            os._exit(0)  # the parent is gone

    def _beat(self) -> None:
        while True:
            hung_seconds = 1e6 if self._is_hung else 0.0
            loaded, counts = tuple(self._loaded), (self._forwards, self._calls)
            held = tuple(Holder(name, "resident", 2**29, 2**29, False) for name in loaded)
            self._say(Heartbeat(hung_seconds, 0.01, 2**30, 8 * 2**30, loaded, held, *counts))
            time.sleep(HEARTBEAT_SECONDS)

    def _take_messages(self) -> None:
        is_idle = not (self._active or self._waiting or self._training)
        while is_idle or not self._inbox.empty():
            is_idle = False
            match self._inbox.get():
                case Submit() as job:
                    self._waiting += [self._developing(job, task) for task in job.pictures]
                case Cancel(job_id):
                    self._cancel(job_id)
                case Pause(job_id):
                    self._pause(job_id)
                case Train() as order:
                    script = self._script | parse(" ".join(words(order)))
                    self._training = FakeTraining(order, script, self._say)
                case RestTraining() | FinishTraining() | DropTraining() as wish:
                    self._wish(wish)
                case Unload(name):
                    self._loaded = [one for one in self._loaded if one != name]
                case Probe(nonce):
                    self._say(Probed(nonce, True, 0.001))
                case Stop():
                    self._is_stopping = True

    def _train(self, training: FakeTraining) -> None:
        """One step, when no picture waits."""
        training.advance()
        if training.is_over:
            self._training = None

    def _wish(self, wish: RestTraining | FinishTraining | DropTraining) -> None:
        training, self._training = self._training, None
        if training is None or training.id != wish.training_id:
            self._training = training
        elif isinstance(wish, RestTraining):
            training.rest()
        elif isinstance(wish, FinishTraining):
            training.finish()
        else:
            training.drop()

    def _developing(self, job: Submit, task: PictureTask) -> Developing:
        one = Developing(job, task, {})
        one.script = self._script | parse(one.request.prompt)
        return one

    def _cancel(self, job_id: str) -> None:
        known = [one for one in self._waiting + self._active if one.job.job_id == job_id]
        self._waiting = [one for one in self._waiting if one not in known]
        self._active = [one for one in self._active if one not in known]
        if known:
            self._say(JobEnded(job_id, cancelled=True))

    def _pause(self, job_id: str) -> None:
        """What was begun here is sent, what was not is given back."""
        known = [one for one in self._waiting + self._active if one.job.job_id == job_id]
        begun = [one for one in known if one in self._active and one.has_stepped]
        self._waiting = [one for one in self._waiting if one not in known]
        self._active = [one for one in self._active if one not in known]
        for one in begun:
            self._say(held(one, is_paused=True))
        if known:
            self._say(JobEnded(job_id))

    # ---- the GPU -------------------------------------------------------------------------------------

    def _admit(self) -> None:
        """Begins pictures while there is room, in the order in which they came."""
        while one := next((one for one in self._waiting if self._has_room(one)), None):
            self._waiting.remove(one)
            name = one.job.checkpoint.name
            if name not in self._loaded:
                self._loaded = [name, *self._loaded[:1]]
            if "load" in one.script and one.task is one.job.pictures[0]:
                self._say(Stage(one.job.job_id, f"loading {name}"))
                time.sleep(float(one.script["load"]))
            self._active.append(one)
            if one.task.state:
                self._restore(one, one.task.state)

    def _restore(self, one: Developing, state: bytes) -> None:
        try:
            one.step = int(json.loads(state)["step"])
        except ValueError:
            error = StateDamaged("The kept state of this picture is damaged.")
            self._say(PictureFailed(one.job.job_id, one.task.index, error.as_dict()))
            self._leave(one)

    def _has_room(self, one: Developing) -> bool:
        """The batches of one job come one after another."""
        beside = sum(other.job is one.job for other in self._active)
        limit = self._launch.max_active_pictures
        return len(self._active) < limit and beside < int(one.job.request["batch_size"])

    def _forward(self) -> None:
        """One step of every active picture, at the price of one."""
        time.sleep(max(float(one.script.get("step", STEP_SECONDS)) for one in self._active))
        self._forwards += 1
        self._calls += len(self._active)
        for one in list(self._active):
            one.step += 1
            one.has_stepped = True
            try:
                self._suffer(one)
            except StudioError as error:
                self._say(PictureFailed(one.job.job_id, one.task.index, error.as_dict()))
                self._leave(one)
            else:
                self._advance(one)

    def _suffer(self, one: Developing) -> None:
        """Does what the script says happens at this step."""
        if "oom" in one.script:
            raise OutOfMemory("The fake device has 8.0 GB, 9.1 GB are needed.", needed_bytes=9.1e9)
        if one.script.get("nan") == str(one.step):
            raise NotFinite(f"The latents became NaN at step {one.step}.")
        if one.script.get("hang") == str(one.step):
            self._is_hung = True
            threading.Event().wait()
        if one.script.get("poison") == str(one.step):
            self._say(Dying("The GPU reported a device-side assert."))
            os._exit(77)
        if one.script.get("die") == str(one.step) or self._is_first_time(one, "die-once"):
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_first_time(self, one: Developing, word: str) -> bool:
        if one.script.get(word) != str(one.step):
            return False
        marker = Path(one.script["folder"]) / one.job.job_id.partition(".")[0]
        if marker.exists():
            return False
        marker.touch()
        return True

    def _advance(self, one: Developing) -> None:
        job, index, now = one.job, one.task.index, time.monotonic()
        preview = None
        if now - one.previewed_at >= 1 / self._launch.previews_per_second:
            one.previewed_at, preview = now, preview_jpeg(one)
        if one.step % max(1, one.steps // 5) == 0:
            one.kept.append(kept_step(one))
        waits = self._is_first_time(one, "wait-once")
        self._say(Progress(job.job_id, index, one.step, one.steps, preview))
        if waits:  # for its death, which may come as soon as the progress is told
            threading.Event().wait()
        if one.first + one.step == job.hold_after_steps:
            self._say(held(one))
            self._leave(one)
        elif one.step >= one.steps:
            image = picture(one.request.prompt, one.task.seed, one.request.size)
            seconds, kept = now - one.started, tuple(one.kept)
            pixels = to_pixels(image)
            self._say(PictureDone(job.job_id, index, pixels, kept, seconds, "cpu", "float32"))
            self._leave(one)

    def _leave(self, one: Developing) -> None:
        self._active.remove(one)
        if not any(other.job is one.job for other in self._active + self._waiting):
            self._say(JobEnded(one.job.job_id))


def held(one: Developing, *, is_paused: bool = False) -> PictureHeld:
    state = json.dumps({"seed": one.task.seed, "step": one.step}).encode()
    seconds = time.monotonic() - one.started
    kept = tuple(one.kept)
    return PictureHeld(one.job.job_id, one.task.index, one.step, state, kept, seconds, is_paused)


# ---- pictures ------------------------------------------------------------------------------------------


def size_of(one: Developing) -> tuple[int, int]:
    """Of the pass in which it is."""
    if one.step > one.request.steps_taken:
        return one.request.size
    return one.request.width or 0, one.request.height or 0


def colours(prompt: str, seed: int) -> list[tuple[int, int, int]]:
    digest = hashlib.sha256(f"{prompt}\n{seed}".encode()).digest()
    return [(digest[at], digest[at + 1], digest[at + 2]) for at in (0, 3, 6)]


def picture(prompt: str, seed: int, size: tuple[int, int]) -> Image.Image:
    """A disc on a gradient; the same prompt and seed give the same picture."""
    dark, light, disc = colours(prompt, seed)
    image = ImageOps.colorize(Image.linear_gradient("L").resize(size), dark, light)
    width, height = size
    radius = min(size) // 4
    box = (width // 2 - radius, height // 2 - radius, width // 2 + radius, height // 2 + radius)
    ImageDraw.Draw(image).ellipse(box, fill=disc)
    return image


def preview_jpeg(one: Developing) -> bytes:
    """The picture coming out of the noise."""
    size = (PREVIEW_PX, PREVIEW_PX)
    noise = random.Random(one.task.seed).randbytes(PREVIEW_PX * PREVIEW_PX * 3)
    image = picture(one.request.prompt, one.task.seed, size)
    mixed = Image.blend(Image.frombytes("RGB", size, noise), image, one.step / one.steps)
    stream = io.BytesIO()
    mixed.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def kept_step(one: Developing) -> KeptStep:
    """Latents of one plain colour, brighter with every step."""
    width, height = size_of(one)
    shape = (4, height // 8, width // 8)
    value = struct.pack("<e", one.step / one.steps)
    sigma = 14.6 * (1 - one.step / one.steps)
    return KeptStep(one.step, sigma, shape, value * (shape[0] * shape[1] * shape[2]))


def to_pixels(image: Image.Image) -> Pixels:
    data = image.tobytes()
    if len(data) < SHARED_FROM_BYTES:
        return Pixels(image.width, image.height, data)
    block = SharedMemory(create=True, size=len(data))
    assert block.buf is not None
    block.buf[: len(data)] = data
    block.close()
    return Pixels(image.width, image.height, shared_memory=block.name)
