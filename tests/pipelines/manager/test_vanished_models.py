"""Models that vanish or change while jobs wait for them: a sentence for those, and nothing for the others."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import paper_checkpoint
from tests.studio import OWNER, asking, ended, in_state, ready, studio


def test_a_waiting_job_whose_checkpoint_vanishes_fails_with_its_name_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    gone = paper_checkpoint.write(tmp_path / "models" / "gone")
    with studio(tmp_path, max_active_pictures=1) as manager:
        ready(manager)
        first = manager.submit(asking("fake:step=0.2", checkpoint="paper"), OWNER)
        in_state(manager, first, lambda now: now.pictures[0].step > 0)
        ahead = manager.submit(asking(checkpoint="paper"), OWNER)
        waiting = manager.submit(asking(checkpoint="gone"), OWNER)
        last = manager.submit(asking(checkpoint="paper"), OWNER)
        shutil.rmtree(gone)
        manager.catalog.look()

        failed = ended(manager, waiting)
        assert failed.state == "failed"
        assert failed.error is not None
        assert "There is no checkpoint gone." in failed.error["message"]
        assert "paper" in failed.error["remedy"]
        assert [ended(manager, job).state for job in (first, ahead, last)] == ["done"] * 3

        paper_checkpoint.write(gone)
        manager.catalog.look()
        assert ended(manager, manager.requeue(failed.id, OWNER)).state == "done"
