"""nbgrader's exchange on a machine where students have accounts: what one of them can write is taken as that one's.

``nbgrader_config.py`` puts these in the place of nbgrader's. Its own ``collect`` keeps the modes of the exchange, which
are 0777, follows links, and only warns where a submission belongs to somebody else.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import ignore_patterns

from grading.course import settings
from grading.intake.archive import MAX_DEPTH, some
from grading.intake.repair import safe_id, unsafe
from grading.keep import private
from grading.keep.gradebook import file_of
from grading.keep.journal import JournalError
from grading.keep.memory import recall
from grading.keep.round import Course, UsageError, feedback_again, standing_of

__all__ = ["Collect", "ReleaseFeedback"]

Record = dict[str, Any]


class Collect(ExchangeCollect):  # type: ignore[misc]
    """``nbgrader collect`` and formgrader's button."""

    src_records: list[Record]

    def start(self) -> None:
        """Collect, into a state that is nobody else's."""
        submitted = Path(self.coursedir.root, self.coursedir.submitted_directory)
        try:
            for note in private.take(submitted.parent, Path(self.coursedir.root)):
                self.log.warning(note)
        except private.UnsafeError as error:
            self.fail(str(error))
        super().start()

    def _sort_by_timestamp(self, records: list[Record]) -> list[Record]:
        """What is somebody else's comes last, so that it hides nothing."""
        ordered: list[Record] = super()._sort_by_timestamp(records)
        return sorted(ordered, key=lambda record: bool(self._refused(record)))

    def copy_files(self) -> None:
        """Copy what belongs to the student whose name it bears."""
        for record in self.src_records:
            if why := self._refused(record):
                self.log.error("%r is not collected: %s", record["filename"], why)
        self.src_records = [record for record in self.src_records if not self._refused(record)]
        super().copy_files()

    def _refused(self, record: Record) -> str:
        student = record["username"]
        try:
            found = Path(self.inbound_path, record["filename"]).lstat()
        except OSError as error:
            return str(error.strerror)
        if not stat.S_ISDIR(found.st_mode):
            return "it is no folder"
        if safe_id(student) != student:
            return unsafe(student)
        if self.check_owner and private.owner(found.st_uid) != student:
            remedy = "where students have no accounts of these names, set c.ExchangeCollect.check_owner = False"
            return f"it belongs to {private.owner(found.st_uid)}; {remedy}"
        return ""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the student's own files. No link is followed, and the copy is the grader's alone."""
        limit, size = self.coursedir.max_dir_size, self.get_size(src)
        if size > 1000 * limit:
            self.log.error("%s is not collected: it has %d kB, allowed are %d", src, size // 1000, limit)
            return
        try:
            self._copy_folder(Path(src), Path(dest))
        except OSError as error:  # it changed meanwhile; the others are not to wait for that
            self.log.error("%s is not collected: %s", src, error)
            shutil.rmtree(dest, ignore_errors=True)

    def _copy_folder(self, src: Path, dest: Path) -> None:
        course = self.coursedir
        ignored = ignore_patterns(course.ignore, course.include, course.max_file_size, self.log)
        student = src.stat().st_uid
        dest.mkdir(mode=0o700)
        for folder, folders, files, handle in os.fwalk(src):  # by handles: what is swapped meanwhile leads nowhere else
            place = dest / Path(folder).relative_to(src)
            left_out = {*ignored(folder, [*folders, *files])}
            own = [name for name in folders if name not in left_out and _is_folder(name, handle)]
            folders[:] = own if len(place.relative_to(dest).parts) < MAX_DEPTH else []
            for name in folders:
                (place / name).mkdir(mode=0o700)
            for name in sorted({*files} - left_out):
                self._copy(name, handle, place / name, student)

    def _copy(self, name: str, folder: int, new: Path, student: int) -> None:
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError as error:
            self.log.warning("%s is left out: %s", new, error.strerror)
            return
        with open(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != student:
                self.log.warning("%s is left out: it is no file of the student's own", new)
                return
            with open(new, "xb", opener=private.opener) as copy:
                while part := file.read(1 << 20):
                    copy.write(part)


def _is_folder(name: str, folder: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


class ReleaseFeedback(ExchangeReleaseFeedback):  # type: ignore[misc]
    """``nbgrader release_feedback`` and formgrader's button."""

    def start(self) -> None:
        """Release pages that show what the gradebook has now: who reads last may have written none."""
        root, pages = Path(self.coursedir.root), Path(self.coursedir.root, self.coursedir.feedback_directory)
        book, named = file_of(self.coursedir.db_url), recall(pages.parent).gradebook
        url = named or ("" if book and not book.exists() else self.coursedir.db_url)
        site = str(settings(root).FeedbackExporter.get("site", ""))
        course = Course(root, self.coursedir.assignment_id, pages.parent, url, site)
        if course.journal.is_file():  # else the pages are nbgrader's own
            try:
                standing = standing_of(course)
                if standing.doubt:
                    self.fail(f"journal and gradebook do not say the same of {some(standing.doubt)}: grade again first")
                if standing.stale:
                    feedback_again(course, standing.stale)
                    self.log.warning("written again, as points have changed since: %s", some(standing.stale))
            except (UsageError, JournalError) as error:
                self.fail(str(error))
        super().start()

    def copy_files(self) -> None:
        """Copy the pages; nobody can find one in the exchange without the student's secret, and all may read it."""
        super().copy_files()
        for page in Path(self.dest_path).glob("*.html"):
            if page.lstat().st_uid == os.getuid():
                page.chmod(0o644)
