"""What is done on a student's account is bounded as well, in time and memory; what goes over costs that step."""

import threading
import time

import psutil
import pytest
import tasks

from grading.run import pool, watched


@pytest.fixture
def one(monkeypatch):
    """The process of this thread, which may compute for four seconds: what it imports takes one of a slow processor."""
    monkeypatch.setattr(watched, "OURS", 4.0)
    made = watched.Judge()
    yield made
    made.close()


@pytest.mark.parametrize("how", ["nothing", "memory", "prints"])
def test_a_step_within_its_bounds(one, how):
    assert one.do(tasks.in_steps, how)[0] == dict.fromkeys(("one", "two", "three"), "right")


@pytest.mark.parametrize("how", ["forever", "waits", "in one call", "dies"])
def test_a_step_over_its_bounds_is_left_out_and_no_other(one, how):
    done, _ = one.do(tasks.in_steps, how)
    assert done["one"] == done["three"] == "right"
    assert "longer than 4 s" in done["two"] if how != "dies" else "ended the process" in done["two"]
    assert one.do(tasks.in_steps, "nothing")[0]["two"] == "right"


def test_what_is_raised_comes_back_and_the_process_stays(one):
    _, before = one.do(tasks.in_steps, "nothing")
    with pytest.raises(KeyError, match="two"):
        one.do(tasks.in_steps, "raises")
    assert one.do(tasks.in_steps, "nothing")[1] == before


def test_outside_of_a_step_it_is_given_up(one):
    with pytest.raises(watched.GaveUp, match="died again and again"):
        one.do(tasks.in_steps, "outside")


def test_a_process_that_is_stopped_is_replaced(one, tmp_path, monkeypatch):
    monkeypatch.setattr(watched, "STOPPED", 0.5)
    monkeypatch.setattr(watched, "OURS", 3600.0)
    assert one.do(tasks.stop_once, tmp_path / "mark") == "right"


def test_nothing_is_left_when_it_is_closed_at_work(one):
    """As when somebody presses Ctrl-C."""
    gave_up = []

    def work():
        with pytest.raises(watched.GaveUp):
            one.do(tasks.in_steps, "waits")
        gave_up.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    while one._process is None or one._step.name != "two":
        time.sleep(0.01)
    process = psutil.Process(one._process.pid)
    one.close()
    thread.join(20)
    assert gave_up
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_task_that_raises_harms_no_other():
    workers = pool.processes(2)
    seen = list(pool.results(workers, tasks.die_of_three, range(6)))
    assert {task: result for task, result in seen if not isinstance(result, Exception)} == {
        0: 0,
        1: 1,
        2: 4,
        4: 16,
        5: 25,
    }
    assert [task for task, result in seen if isinstance(result, Exception)] == [3]
