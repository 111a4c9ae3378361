"""The scripts around the package: what they count, read and compare."""

import argparse
import csv
import importlib.machinery
import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fastconv.primitives import Relu, Sqrt
from fastconv.testing import errors
from fastconv.testing.cases import Case
from fastconv.testing.conv_cases import SHAPES

ROOT = Path(__file__).resolve().parents[1]


def script(path, name):
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ci():
    return script(".ci/stages.py", "ci_stages")


@pytest.fixture(scope="module")
def bench_diff():
    return script("scripts/bench-diff", "bench_diff")


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("59 passed, 1 skipped in 0.86s", (59, 0)),
        ("======= 2 failed, 40 passed, 3 errors in 7.10s =======", (40, 5)),
        ("1 error in 0.20s", (0, 1)),
        ("3 skipped, 12 deselected in 0.20s", (0, 0)),
        ("118 passed, 0 failed", (118, 0)),
        ("a test says that 7 passed here", (0, 0)),
        ("seed 3: 0.99", (0, 0)),
    ],
)
def test_summaries_are_counted(ci, line, count):
    assert ci.reported(line) == count


def test_commands_count_themselves_or_their_tests(ci):
    assert ci.run("true") == (1, 0)
    assert ci.run("false") == (0, 1)
    assert ci.run("echo '3 passed in 1s'; echo '2 passed, 1 failed in 1s'; exit 1", counted=True) == (5, 1)
    assert ci.run("echo '3 passed in 1s'; exit 139", counted=True) == (3, 1)  # died behind its summary
    assert ci.run("echo nothing to report", counted=True) == (0, 1)


def test_lanes_run_side_by_side_and_show_each_command_whole(ci, capfd, tmp_path):
    # Each of the first two waits for the other: in turn, the first would end without it.
    meet = "touch {0}; for i in $(seq 600); do test -e {1} && break; sleep 0.1; done; test -e {1} && echo 2 passed in 1s"
    left, right = (meet.format(tmp_path / a, tmp_path / b) for a, b in (("left", "right"), ("right", "left")))
    broken = "echo 1 failed in 1s; exit 1"

    def command(text):
        return lambda: ci.run(text, counted=True, at_once=False)

    assert ci.side_by_side([command(left), command(broken)], [command(right)]) == (4, 1)
    shown = capfd.readouterr().out
    for whole in (
        f"$ {left}\n2 passed in 1s\n",
        f"$ {right}\n2 passed in 1s\n",
        f"$ {broken}\n1 failed in 1s\n",
    ):
        assert whole in shown


def test_stages_see_no_variables_of_ours(ci, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    monkeypatch.setenv("FASTCONV_ISA", "baseline")
    seen = ci.environment_of(tmp_path)
    assert "PYTHONPATH" not in seen
    assert "FASTCONV_ISA" not in seen
    assert seen["PATH"].startswith(str(tmp_path / "bin"))


def test_the_readme_has_both_blocks(ci):
    for heading in ("Quick start", "Tests"):
        assert len(ci.readme_block(heading).strip().splitlines()) == 1


def test_what_passed_is_remembered_for_its_commit_alone(ci, monkeypatch, tmp_path):
    monkeypatch.setattr(ci, "STATE", tmp_path)
    ci.remember("style", "abc", ci.Count(4, 0))
    ci.remember("tests", "abc", ci.Count(4, 1))
    ci.remember("style", None, ci.Count(9, 0))
    assert ci.remembered("style", "abc") == (4, 0)
    assert ci.remembered("tests", "abc") is None  # it failed
    assert ci.remembered("style", "def") is None
    assert ci.remembered("style", None) is None  # something is not committed


def test_bench_diff_compares_cases_by_their_medians(bench_diff, tmp_path):
    before, after = tmp_path / "a.csv", tmp_path / "b.csv"
    before.write_text(
        "network,case,pass,ms,error\nvgg,a,forward,0.2,1\nvgg,a,forward,0.4,2\nvgg,a,forward,0.3,1\nvgg,b,forward,0.1,1\n"
    )
    after.write_text("network,case,pass,ms,error\nvgg,a,forward,0.1,9\nvgg,c,forward,0.5,1\n")
    lines = bench_diff.compare(bench_diff.read(before), bench_diff.read(after))
    assert lines[1].split() == ["0.3000", "0.1000", "3.000", "vgg", "a", "forward"]
    assert lines[2:] == ["median ratio 3.000 over 1 cases", "1 cases only in BEFORE", "1 cases only in AFTER"]


def test_bench_diff_refuses_another_table(bench_diff, tmp_path):
    (tmp_path / "a.csv").write_text("epoch,loss\n0,0.5\n")
    with pytest.raises(SystemExit) as caught:
        bench_diff.read(tmp_path / "a.csv")
    assert str(caught.value) == (
        f"{tmp_path / 'a.csv'}: expected a column 'ms'; there are epoch, loss. Is it from bench/op.py?"
    )


@pytest.fixture
def gpu_check():
    return script("scripts/gpu-check", "gpu_check")


def gpu_options(tmp_path, limit):
    return argparse.Namespace(out=tmp_path, limit=limit, emulated=True)


def test_gpu_check_stops_a_process_at_the_limit_and_keeps_what_it_said(gpu_check, tmp_path):
    check = gpu_check.Check(gpu_options(tmp_path, 1))
    check.deadline = time.monotonic() + 1
    done = check.run("slow", ["sh", "-c", "echo begun; exec sleep 60"])  # a busy machine begins it at once
    assert (done.status, done.text) == (None, "begun\n")
    assert (tmp_path / "slow.log").read_text() == "begun\n"
    assert check.run("later", [sys.executable, "-c", ""]).status is None, "nothing starts behind the limit"


def test_gpu_check_goes_on_after_failures(gpu_check, tmp_path, capsys):
    check = gpu_check.Check(gpu_options(tmp_path, 60))
    check.deadline = time.monotonic() + 60
    programs = ["import sys; print('FAILED a thing'); sys.exit(1)", "print('fine')"]
    jobs = [lambda n=n, p=p: check.run(f"part{n}", [sys.executable, "-c", p]) for n, p in enumerate(programs)]
    done = check.run_all(jobs, 2)
    assert [item.status for item in done] == [1, 0]
    gpu_check.tell_failures(done[:1])
    assert f"--- {tmp_path / 'part0.log'}: exit status 1\nFAILED a thing" in capsys.readouterr().out


def test_gpu_check_survives_an_error_of_a_stage(gpu_check, tmp_path, monkeypatch):
    monkeypatch.setitem(
        gpu_check.STAGES, "bench", lambda check: (_ for _ in ()).throw(OSError("no such file"))
    )
    summary = gpu_check.perform(gpu_check.Check(gpu_options(tmp_path, 60)), "bench")
    assert (summary.passed, summary.failed) == (0, 1)
    assert summary.note.endswith("OSError: no such file")


@pytest.mark.parametrize(
    "label", ["3x3 same, 5 to 17", "3x3 stride 2 same, even size: odd pixel behind", "1x7"]
)
@pytest.mark.parametrize("which", ["forward", "input_gradient", "filter_gradient"])
def test_samples_of_a_convolution_are_its_float64_reference(which, label):
    samples = script("bench/samples.py", "samples")
    shape = next(shape for shape in SHAPES if shape.label == label)
    case = getattr(shape, which)()
    index, expected = samples.sampled(which, case, case.values())
    np.testing.assert_allclose(expected, case.expected()[0][index], rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def mutate():
    return script("scripts/mutate-cuda", "mutate_cuda")


def test_every_mutation_changes_a_text_that_is_there_once(mutate):
    for mutation in mutate.MUTATIONS:
        text = (ROOT / "csrc" / mutation.file).read_text(encoding="utf-8")
        assert mutate.mutated(mutation, text) != text
    gone = mutate.MUTATIONS[0]._replace(text="no such line")
    with pytest.raises(mutate.MutationError, match="expected once, found 0 times: 'no such line'"):
        mutate.mutated(gone, text)


def test_all_mutations_have_their_turn(mutate):
    count = len(mutate.MUTATIONS)
    turns = [mutate.chosen(None, turn) for turn in range(count)]
    assert {len(turn) for turn in turns} == {mutate.IN_TURN}
    assert {index for turn in turns[: -(-count // mutate.IN_TURN)] for index in turn} == set(range(count))
    assert mutate.chosen("2,5", None) == [1, 4]
    assert mutate.chosen(None, None) == list(range(count))


@pytest.mark.parametrize(
    ("output", "expected", "error", "share"),
    [
        ([3.0, -4.0], [3.0, -4.0], 0.0, 0.0),
        ([3.0, -4.5], [3.0, -4.0], 0.5 / 12.5**0.5, 5.0),
        ([np.inf, np.nan, 1.0], [np.inf, np.nan, 1.0], 0.0, 0.0),
        ([1.0, np.nan], [1.0, 1.0], np.inf, np.inf),
        ([1.0, 1.0], [1.0, np.nan], np.inf, np.inf),
        ([], [], 0.0, 0.0),
        (4.5, 4.0, 0.125, 5.0),
    ],
)
def test_largest_errors(output, expected, error, share):
    found = errors.largest_error(np.array(output, np.float32), np.array(expected), 0.1)
    assert found[::2] == pytest.approx((error, share))


def test_table_of_errors(tmp_path, monkeypatch):
    """Rows grow while cases run; what another run wrote about other primitives stays."""
    log, path = tmp_path / "log", tmp_path / "errors.csv"
    monkeypatch.setenv("PTXSIM_CHECK", "all")
    monkeypatch.setenv("PTXSIM_LOG", str(log))
    old = errors.Errors(path, "another card")
    old.note(Case("three", Relu(), np.ones(3, np.float32)), "rows", "exact", [np.ones(3)])
    old.note(Case("two", Sqrt(), np.ones(2, np.float32)), "rows", "exact", [np.ones(2)])
    old.write()
    table = errors.Errors(path, "a card")
    table.note(Case("two", Sqrt(), np.ones(2, np.float32)), "rows", "exact", [np.array([1.0, 1.5])])
    log.write_text("ptxsim: [race] one\nptxsim: a note\n", encoding="utf-8")
    table.note(Case("one", Sqrt(), np.ones(1, np.float32)), "plain", "exact", [np.ones(1)])
    table.write()
    with path.open(encoding="utf-8") as file:
        relu, sqrt = csv.DictReader(file)
    assert (relu["primitive"], relu["device"], relu["findings"]) == ("relu", "another card", "0")
    assert (sqrt["primitive"], sqrt["precision"], sqrt["device"]) == ("sqrt", "exact", "a card")
    assert (sqrt["implementations"], sqrt["cases"], sqrt["findings"]) == ("plain rows", "2", "1")
    assert (sqrt["error_of_rms"], sqrt["worst"]) == ("0.5", "rows: two")
    assert float(sqrt["share_of_tolerance"]) > 1
