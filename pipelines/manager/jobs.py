"""The jobs as everybody outside sees them: submitted, followed, stopped, gone on with. Each call is for one owner."""

from __future__ import annotations

from pipelines.branching import Branch, as_asked, branched
from pipelines.errors import ModelUnreadable, RequestError
from pipelines.fields import check_client_request_id
from pipelines.job import Job
from pipelines.manager.commands import Commands, Order
from pipelines.manager.desk import Desk
from pipelines.manager.finder import Finder
from pipelines.manager.follow import Board, Changes
from pipelines.manager.results import Results
from pipelines.manager.verifying import Comparison, Verifier, refused
from pipelines.output.library import Library
from pipelines.request import Request


class Jobs:
    """What the manager does for people with their jobs. May be asked from any thread; the manager joins the parts."""

    library: Library
    _board: Board
    _commands: Commands
    _desk: Desk
    _finder: Finder
    _results: Results
    _verifier: Verifier

    def submit(self, request: Request, owner: str, client_request_id: str = "") -> Job:
        """The job, on the disk; the same one again for the same client_request_id.

        Raises RequestError, Refused (too many open jobs), ModelUnreadable or DiskFull.
        """
        check_client_request_id(client_request_id)
        settled = self._finder.settle(request, owner)
        order = Order(owner, *settled, client_request_id)
        return self._board.job(self._desk.ask(lambda: self._commands.submit(order)), owner)

    def verify(self, picture_id: str, owner: str) -> Job | Comparison:
        """Makes a picture again from what its file says, to be compared in the job's `verdict` and not kept.

        No job where it is clear that it cannot be made. Raises NotFound, Refused or DiskFull.
        """
        request = self._verifier.request(picture_id, owner)
        if isinstance(request, Comparison):
            return request
        try:
            settled = self._finder.settle(request, owner)
        except (RequestError, ModelUnreadable) as error:
            return refused(error)
        order = Order(owner, *settled, verifies=picture_id)
        return self._board.job(self._desk.ask(lambda: self._commands.submit(order)), owner)

    def job(self, job_id: str, owner: str) -> Job:
        """Raises NotFound, for a job of somebody else as well."""
        return self._board.job(job_id, owner)

    def jobs(self, owner: str, limit: int = 50) -> list[Job]:
        """Newest first."""
        return self._board.jobs(owner, limit)

    async def changes(self, owner: str, since: int, wait_seconds: float) -> Changes:
        """What is newer than version `since`; waits for it if there is nothing. Costs no thread."""
        return await self._board.changes(owner, since, wait_seconds)

    def cancel(self, job_id: str, owner: str) -> Job:
        """Raises NotFound."""
        self._desk.ask(lambda: self._commands.cancel(job_id, owner))
        return self._board.job(job_id, owner)

    def pause(self, job_id: str, owner: str) -> Job:
        """Its pictures stop within a step and stay on the disk. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.pause(job_id, owner))
        return self._board.job(job_id, owner)

    def resume(self, job_id: str, owner: str) -> Job:
        """A paused job goes on from where it is. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.resume(job_id, owner))
        return self._board.job(job_id, owner)

    def branch(
        self, picture_id: str, owner: str, asked: Branch, client_request_id: str = ""
    ) -> Job:
        """A job for pictures that begin as this one. Raises NotFound, RequestError, or as `submit`."""
        record = self.library.get(picture_id, owner)
        if record.request is None:
            why = "this picture does not say how it was made"
            raise RequestError("step", asked.step, why, "Branch from one that was made here.")
        try:
            return self.submit(branched(record.request, asked), owner, client_request_id)
        except RequestError as error:
            raise as_asked(error, asked) from error

    def requeue(self, job_id: str, owner: str) -> Job:
        """Queues a failed or cancelled job again. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.requeue(job_id, owner))
        return self._board.job(job_id, owner)

    def again(self, job_id: str, owner: str, pictures: tuple[int, ...], seed: int | None) -> Job:
        """Makes these pictures of a job that is over anew. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.again(job_id, owner, pictures, seed))
        return self._board.job(job_id, owner)

    def develop(self, job_id: str, owner: str, pictures: tuple[int, ...]) -> Job:
        """Lets these held drafts go on to the end and drops the others. Raises NotFound or RequestError."""
        self._desk.ask(lambda: self._commands.develop(job_id, owner, pictures))
        return self._board.job(job_id, owner)

    def remove(self, job_id: str, owner: str) -> None:
        """Forgets a job that is over; its pictures stay. Raises NotFound or RequestError."""
        self._desk.ask(lambda: self._commands.remove(job_id, owner))

    def preview(self, job_id: str, index: int, owner: str) -> bytes | None:
        """The latest JPEG of a picture that develops or rests; None when there is none. Raises NotFound."""
        self._board.job(job_id, owner)
        return self._results.preview(job_id, index)
