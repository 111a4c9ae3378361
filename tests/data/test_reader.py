"""Batches: the same for any number of threads and after a resumption; damaged files; no thread or process left behind."""

import functools
import gc
import itertools
import operator
import os
import sys
import threading
import time
import types

import numpy as np
import pytest

from fastconv import _core
from fastconv.data.checks import skipped_line
from fastconv.data.decode import DamagedImage
from fastconv.data.feed import Dataset, Feed
from fastconv.data.folder import index_folder
from fastconv.data.reader import BatchReader
from fastconv.data.source import ArraySource, FileSource, cache_bytes
from fastconv.runtime import keys
from fastconv.runtime.errors import ArgumentError, DataError


class Numbers:
    """Pictures of one pixel whose value is their index; those in `bad` cannot be read."""

    def __init__(self, count, bad=()):
        self.count, self.bad, self.loads = count, set(bad), []

    def __len__(self):
        return self.count

    def name(self, index):
        return f"{index}.jpg"

    def load(self, index):
        self.loads.append(index)
        time.sleep(0)  # other threads may go on
        if index in self.bad:
            raise DamagedImage("0 bytes")
        return np.full((1, 1, 1), index, dtype=np.float32)

    def keep(self, index, pixels):
        pass


def copy_and_stamp(pictures, indices, seed, epoch, out):
    """Finished pixels say everything they may depend on."""
    for row, pixels, index in zip(out, pictures, indices):
        row[...] = pixels * 1000 + _core.image_uniforms(seed, epoch, np.array([index]))[0, 0]


def copy_only(pictures, indices, seed, epoch, out):
    out[...] = np.stack(pictures)


def reader(source, batch_size=4, shuffle=True, seed=3, finish=copy_only):
    return BatchReader(source, (1, 1, 1), finish, batch_size, shuffle, seed)


def feed(source, **options):
    made = reader(source, **options)
    return Feed(made, lambda batch: (batch.x, batch.indices))


def data_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("fastconv-data")]


def threads_left():
    """Threads that do not end; those whose generator has ended do, though nobody waits for them."""
    for thread in data_threads():
        thread.join(10)
    return data_threads()


@pytest.fixture
def threads():
    before = _core.thread_count()
    yield _core.set_thread_count
    _core.set_thread_count(before)


@pytest.fixture(autouse=True)
def no_threads_of_other_tests():
    gc.collect()
    threads_left()


def values(batches):
    return [batch.x.ravel().tolist() for batch in batches]


def test_a_pass_holds_each_picture_once_and_the_last_batch_is_short():
    made = reader(Numbers(10))
    assert len(made) == 3
    batches = list(itertools.islice(made.endless(), 3))
    assert [len(batch.x) for batch in batches] == [4, 4, 2]
    seen = [value for row in values(batches) for value in row]
    assert sorted(seen) == list(range(10)) and seen != sorted(seen)
    assert all(np.array_equal(batch.x.ravel(), batch.indices) for batch in batches)


def test_passes_differ_and_go_on_for_ever():
    batches = values(itertools.islice(reader(Numbers(10)).endless(), 9))
    passes = [functools.reduce(operator.iadd, batches[3 * k : 3 * k + 3], []) for k in range(3)]
    assert passes[0] != passes[1] != passes[2]
    assert all(sorted(one) == list(range(10)) for one in passes)


def test_file_order_is_kept_without_shuffling():
    made = reader(Numbers(10), shuffle=False)
    assert values(itertools.islice(made.endless(), 3)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert values(reader(Numbers(10)).file_order()) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("bad", [[], [2, 3, 17, 38]])
def test_same_bits_for_any_number_of_threads(threads, bad):
    runs = []
    for count in (1, 2, 8):
        threads(count)
        made = reader(Numbers(100, bad), batch_size=9, finish=copy_and_stamp)
        runs.append(values(itertools.islice(made.endless(), 20)))
        assert [name for name, _ in made.skipped] == [f"{i}.jpg" for i in bad]
    assert runs[0] == runs[1] == runs[2]


def test_an_epoch_does_not_depend_on_those_before():
    whole = list(itertools.islice(reader(Numbers(10), finish=copy_and_stamp).endless(), 9))
    alone = feed(Numbers(10), finish=copy_and_stamp)
    assert [x.ravel().tolist() for x, _ in alone.epoch_batches(2)] == values(whole[6:9])
    assert [x.ravel().tolist() for x, _ in alone.epoch_batches(0)] == values(whole[:3])
    # Epochs of two batches, and of five: the passes in a row are cut elsewhere.
    assert [x.ravel().tolist() for x, _ in alone.epoch_batches(3, steps=2)] == values(whole[6:8])
    assert [x.ravel().tolist() for x, _ in alone.epoch_batches(1, steps=4)] == values(whole[4:8])


def test_the_seed_in_force_counts_when_none_was_given():
    orders = []
    for seed in (1, 1, 2):
        keys.set_seed(seed)
        orders.append(values(itertools.islice(reader(Numbers(50), seed=None).endless(), 1)))
    assert orders[0] == orders[1] != orders[2]


def test_the_next_image_takes_a_damaged_one_s_place():
    made = reader(Numbers(40, bad=[5, 6]), shuffle=False)
    batches = values(itertools.islice(made.endless(), 10))
    assert batches[1] == [4, 7, 7, 7]
    assert [len(batch) for batch in batches] == [4] * 10
    assert made.skipped == [("5.jpg", "0 bytes"), ("6.jpg", "0 bytes")]
    last = reader(Numbers(40, bad=[39]), shuffle=False)
    assert values(itertools.islice(last.endless(), 10))[9] == [36, 37, 38, 0]


def test_a_damaged_file_is_read_once():
    source = Numbers(40, bad=[5])
    made = reader(source)
    list(itertools.islice(made.endless(), 30))
    assert source.loads.count(5) <= 3  # once, and by batches that were begun before it was known


def test_file_order_leaves_damaged_rows_out():
    made = feed(Numbers(100, bad=[4, 5, 6, 7, 42]))
    batches = list(made.file_order().epoch_batches(0))
    assert [x.ravel().tolist() for x, _ in batches][:2] == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert sum(len(x) for x, _ in batches) == 95
    assert made.reader.readable() == [int(i) for _, rows in batches for i in rows]
    assert skipped_line(made) == (
        "5 of 100 images skipped: '4.jpg' (0 bytes), '5.jpg' (0 bytes), '6.jpg' (0 bytes), ..."
    )


def test_too_many_damaged_files_stop_the_pass(threads):
    made = feed(Numbers(40, bad=[3, 11, 20]), shuffle=False)
    batches = made.epoch_batches(0)
    seen = [len(x) for x, _ in itertools.islice(batches, 5)]
    with pytest.raises(DataError) as caught:
        next(batches)
    assert str(caught.value) == (
        "3 of 40 images (8%) cannot be read; first: '3.jpg' (0 bytes). Was the download cut off?"
    )
    assert seen == [4] * 5  # as soon as it is exceeded: in the batch that holds picture 20
    threads(1)
    everything = feed(Numbers(2000, bad=range(2000)), batch_size=500)
    with pytest.raises(DataError, match=r"^101 of 2,000 images \(5%\) cannot be read"):
        next(everything.epoch_batches(0))
    assert not threads_left()


def test_errors_of_a_worker_reach_the_caller():
    def broken(pictures, indices, seed, epoch, out):
        raise ArgumentError("no such thing")

    with pytest.raises(ArgumentError, match=r"^no such thing$"):
        next(reader(Numbers(10), finish=broken).endless())
    assert not threads_left()


def test_no_thread_stays_behind():
    made = reader(Numbers(100))
    batches = made.endless()
    next(batches)
    assert data_threads()
    batches.close()
    assert not threads_left()
    for _ in zip(range(2), made.endless()):
        pass
    gc.collect()
    assert not threads_left()
    batches = made.endless()
    next(batches)
    with pytest.raises(KeyboardInterrupt):
        batches.throw(KeyboardInterrupt)
    gc.collect()
    assert not threads_left()


def test_ending_waits_for_what_is_being_done_and_joins_no_thread(threads, monkeypatch):
    """Joining takes a lock of Python's, which may be held where garbage is collected."""
    threads(2)
    running, ended = threading.Event(), []

    class Slow(Numbers):
        def load(self, index):
            pixels = super().load(index)
            if index >= 4:  # of the batches ahead
                running.set()
                time.sleep(0.05)
            ended.append(index)
            return pixels

    source = Slow(100)
    batches = reader(source, shuffle=False).endless()
    next(batches)
    running.wait(60)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "join", lambda *_: pytest.fail("a thread is joined"))
        batches.close()
    assert sorted(ended) == sorted(source.loads)
    assert not threads_left()
    assert sorted(ended) == sorted(source.loads)


def test_a_worker_may_end_the_generator(threads, monkeypatch):
    """Garbage is collected in whatever thread allocates: a worker cannot wait for its own end."""
    threads(2)
    ended_in, complaints, last = [], [], []
    handed_over = threading.Event()

    class Ending(Numbers):
        def load(self, index):
            if index >= 4:  # of the batches ahead
                handed_over.wait(60)
                while last:
                    last.pop()
                    ended_in.append(threading.current_thread())
            return super().load(index)

    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    batches = reader(Ending(100), shuffle=False).endless()
    next(batches)
    last.append(batches)
    del batches
    handed_over.set()
    deadline = time.monotonic() + 60
    while data_threads() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not threads_left()
    assert [thread.name[:13] for thread in ended_in] == ["fastconv-data"]
    assert not complaints


def test_batches_are_prepared_ahead(threads):
    threads(2)
    source = Numbers(100)
    batches = reader(source).endless()
    next(batches)
    deadline = time.monotonic() + 10
    while len(source.loads) < 12 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.05)
    assert len(source.loads) == 12  # this one and two more, no further
    batches.close()


def test_waiting_is_measured(monkeypatch):
    """By a clock that goes on while a picture is loaded, which begins when somebody waits for it."""
    waited, now = threading.Event(), [0.0]

    class Slow(Numbers):
        def load(self, index):
            waited.wait(60)
            now[0] += 5
            return super().load(index)

    def clock():
        time = now[0]
        waited.set()
        return time

    monkeypatch.setattr("fastconv.data.reader.time", types.SimpleNamespace(perf_counter=clock))
    slow = reader(Slow(1), batch_size=1)
    assert len(list(slow.batches(0, 1))) == 1
    assert slow.wait_s == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_goes_on_with_the_same_batches():
    expected = values(itertools.islice(reader(Numbers(100), finish=copy_and_stamp).endless(), 6))
    batches = reader(Numbers(100), finish=copy_and_stamp).endless()
    got = values(itertools.islice(batches, 2))
    pid = os.fork()
    if pid == 0:
        try:
            same = values(itertools.islice(batches, 4)) == expected[2:]
        except BaseException:
            same = False
        os._exit(0 if same else 1)
    deadline = time.monotonic() + 60
    while (done := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    if done[0] == 0:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        pytest.fail("the child waits for threads of its parent")
    assert done[1] == 0
    assert got + values(itertools.islice(batches, 4)) == expected


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None])
def test_batch_size(size):
    with pytest.raises(ArgumentError) as caught:
        reader(Numbers(3), batch_size=size)
    assert str(caught.value) == f"batch_size: expected a whole number from 1; came {size!r}."


def test_pictures_stay_in_memory_while_they_fit(make_folder):
    index = index_folder(make_folder({"a": 6, "b": 4}))
    calls = []

    def load(path):
        calls.append(path)
        return np.zeros((2, 2, 3), dtype=np.uint8)

    def finish(pictures, indices, seed, epoch, out):
        out[...] = np.stack(pictures)

    for room, wanted in ((1000, 10), (12 * 7 + 11, 7), (0, 0)):
        calls.clear()
        source = FileSource(index, load, room)
        made = BatchReader(source, (2, 2, 3), finish, 5, True, 0)
        for _ in range(3):
            list(made.batches(0, 2))
        assert source.kept == wanted
        assert len(calls) == 10 + 2 * (10 - wanted)


def test_room_for_the_cache():
    quarter = cache_bytes(True)
    assert 0 < quarter < 1 << 50
    assert cache_bytes(False) == 0 and cache_bytes(1234) == 1234
    with pytest.raises(ArgumentError) as caught:
        cache_bytes("2 GB")
    assert str(caught.value) == "cache: expected True, False or a number of bytes; came '2 GB'."


def dataset(**options):
    return Dataset(feed(Numbers(10), **options))


def test_loops_over_a_data_set_end_and_differ():
    data = dataset()
    first, second = ([x.ravel().tolist() for x, _ in data] for _ in range(2))
    assert len(first) == len(data) == 3 and first != second
    assert [x.ravel().tolist() for x, _ in data.epoch_batches(0)] == first


def test_take_skip_and_map():
    plain = [x.ravel().tolist() for x, _ in dataset().epoch_batches(1)]
    data = dataset()
    head, tail = data.take(1), data.skip(1)
    assert (len(head), len(tail), head.samples, tail.samples) == (1, 2, 4, 6)
    assert [x.ravel().tolist() for x, _ in head.epoch_batches(1)] == plain[:1]
    assert [x.ravel().tolist() for x, _ in tail.epoch_batches(1)] == plain[1:]
    assert len(list(head.epoch_batches(0, steps=5))) == 5
    assert len(data.take(99)) == 3 and len(data.skip(99)) == 0 and list(data.skip(99)) == []
    doubled = data.map(lambda x, y: (2 * x, y)).take(2).prefetch(4).cache()
    assert [x.ravel().tolist() for x, _ in doubled.epoch_batches(1)] == [
        [2 * v for v in row] for row in plain[:2]
    ]
    images = next(iter(data.map(lambda x, y: x)))
    assert isinstance(images, np.ndarray)
    ordered = data.map(lambda x, y: (-x, y)).file_order()
    assert next(iter(ordered))[0].ravel().tolist() == [0, -1, -2, -3]
    assert doubled.skipped == [] and doubled.batch_size == 4
    with pytest.raises(ArgumentError):
        data.take(-1)


def test_arrays():
    source = ArraySource(np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1))
    assert len(source) == 3 and source.load(1).ravel().tolist() == [4, 5, 6, 7]


def pixels_of(data):
    return [x.item() for x, _ in data]


def test_single_samples_of_a_set_of_batches():
    data = dataset(shuffle=False).unbatch()
    assert len(data) == data.cardinality() == 10
    assert pixels_of(data) == list(range(10))
    assert pixels_of(data.take(3)) == [0, 1, 2]
    assert pixels_of(data.skip(7)) == [7, 8, 9]
    assert pixels_of(data.map(lambda x, y: (x - x.mean(), y))) == [0] * 10  # one sample at a time
    assert [x.ravel().tolist() for x, _ in data.batch(4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [y.tolist() for _, y in data.epoch_batches(1, 6)] == [[6], [7], [8], [9], [0], [1]]


def test_a_repeated_set_in_file_order():
    data = dataset(shuffle=True).repeat(2)
    assert len(data) == 6
    rows = [row for _, y in data.file_order().epoch_batches(0) for row in y.tolist()]
    assert rows == [*range(10), *range(10)]


@pytest.mark.parametrize("size", [0, 2.5, True])
def test_sizes_of_batches_that_cannot_be(size):
    with pytest.raises(ArgumentError, match=r"^batch_size: expected a whole number from 1; came "):
        dataset().unbatch().batch(size)


def test_a_set_read_in_another_way_knows_of_the_same_damage():
    source = Numbers(40, bad=[7])
    first = Dataset(feed(source, shuffle=False))
    list(first)
    again = first.shuffle(seed=1)
    assert again.skipped == first.skipped == [("7.jpg", "0 bytes")]
    list(again)
    assert source.loads.count(7) == 1
