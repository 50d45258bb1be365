"""The container's recipe: lint, and what the compose file promises."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def compose() -> dict[str, object]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    command = str(hadolint) if hadolint.exists() else shutil.which("hadolint")
    assert command, "hadolint comes with requirements-dev.txt"

    result = subprocess.run([command, str(ROOT / "Dockerfile")], capture_output=True, text=True)

    assert result.returncode == 0, result.stdout


def test_image_runs_as_an_ordinary_user_in_exec_form_with_a_health_check() -> None:
    assert "USER 10001:10001" in DOCKERFILE
    assert 'ENTRYPOINT ["python", "app.py"]' in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/livez" in DOCKERFILE


def test_every_folder_that_the_app_imports_is_copied_into_the_image() -> None:
    for folder in ("app.py", "pipelines", "api", "ui", "models/starter"):
        assert f"COPY {folder}" in DOCKERFILE


def test_compose_binds_to_this_machine_only_and_keeps_models_and_pictures() -> None:
    service = compose()["services"]["darkroom"]

    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert {volume.split(":")[1] for volume in service["volumes"]} == {
        "/app/models",
        "/app/outputs",
        "/data",
    }
    assert service["read_only"] is True
    assert service["secrets"] == ["darkroom_password"]
