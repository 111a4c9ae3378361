"""The command line, as a user calls it."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fastconv import _core, cli


def save(path, size, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size[1], size[0], 3), 90, np.uint8)).save(path, **options)


def test_env_lists_what_there_is():
    command = [sys.executable, "-m", "fastconv", "env"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = dict(line.split("  ", 1) for line in done.stdout.splitlines() if "  " in line and line[0] != " ")
    assert rows["instruction set"].split()[0] == _core.isa()
    assert rows["device cpu"].strip() == "usable, the default"
    assert rows["numpy"].strip() == np.__version__
    assert done.stderr == ""


def test_env_says_what_to_do(monkeypatch):
    monkeypatch.setenv("FASTCONV_DEVICE", "gpu7")
    monkeypatch.setattr(cli, "_BASE", ("numpy", "a-package-that-is-not-there"))
    found = {row.subject: row for row in cli.findings()}
    assert found["a-package-that-is-not-there"][1:] == ("missing", "pip install a-package-that-is-not-there")
    assert found["FASTCONV_DEVICE"].found == "'gpu7'"


def test_an_instruction_set_that_is_not_there_is_reported():
    environment = {**os.environ, "FASTCONV_ISA": "mmx"}
    command = [sys.executable, "-m", "fastconv", "env"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "instruction set: FASTCONV_ISA: expected one of the sets" in done.stdout.split("To do:")[1]


def test_check_names_the_damaged(tmp_path, capsys):
    save(tmp_path / "cats/1.png", (8, 8))
    (tmp_path / "cats/2.jpg").touch()
    save(tmp_path / "dogs/3.jpg", (64, 64))
    whole = (tmp_path / "dogs/3.jpg").read_bytes()
    (tmp_path / "dogs/4.jpg").write_bytes(whole[: len(whole) // 2])
    assert cli.main(["check", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{os.path.join('cats', '2.jpg')}: 0 bytes",
        f"{os.path.join('dogs', '4.jpg')}: ends at byte {len(whole) // 2:,}",
        "2 of 4 images cannot be read.",
    ]


def test_check_of_a_sound_folder(tmp_path, capsys):
    save(tmp_path / "a.png", (8, 8))
    assert cli.main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "0 of 1 images cannot be read.\n"


def test_check_of_a_missing_folder(tmp_path, capsys):
    assert cli.main(["check", str(tmp_path / "nowhere")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_shrink_keeps_folders_names_and_proportions(tmp_path, capsys):
    save(tmp_path / "in/cats/1.jpg", (400, 200))
    save(tmp_path / "in/dogs/2.bmp", (30, 60))
    exif = Image.Exif()
    exif[0x0112] = 6  # displayed turned by a quarter
    save(tmp_path / "in/dogs/3.jpg", (300, 100), exif=exif)
    (tmp_path / "in/dogs/4.png").touch()
    assert cli.main(["shrink", str(tmp_path / "in"), str(tmp_path / "out"), "--size", "50"]) == 1
    made = {}
    for path in (tmp_path / "out").rglob("*.*"):
        with Image.open(path) as image:
            made[path.relative_to(tmp_path / "out").as_posix()] = (image.format, image.size)
    assert made == {
        "cats/1.jpg": ("JPEG", (100, 50)),
        "dogs/2.bmp.png": ("PNG", (30, 60)),  # smaller already: never enlarged
        "dogs/3.jpg": ("JPEG", (50, 150)),
    }
    assert capsys.readouterr().out.splitlines() == [
        f"left out {os.path.join('dogs', '4.png')}: 0 bytes",
        f"3 images with 50 pixels on the shorter side are in '{tmp_path / 'out'}'.",
    ]


def test_shrink_refuses_to_write_into_its_source(tmp_path, capsys):
    save(tmp_path / "a.png", (8, 8))
    assert cli.main(["shrink", str(tmp_path), str(tmp_path / "small")]) == 1
    assert capsys.readouterr().err == (
        f"fastconv: '{tmp_path / 'small'}' lies in '{tmp_path}'. Give a folder outside of it.\n"
    )


def test_shrink_to_a_file_says_so(tmp_path, capsys):
    save(tmp_path / "in/a.png", (8, 8))
    (tmp_path / "out").touch()
    assert cli.main(["shrink", str(tmp_path / "in"), str(tmp_path / "out")]) == 1
    assert f"cannot write below '{tmp_path / 'out'}'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["shrink", "a", "b", "--size", "0"]])
def test_misuse_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: fastconv" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["0", "-3", "abc", "2.5"])
def test_shrink_to_no_size(size, capsys):
    with pytest.raises(SystemExit):
        cli.main(["shrink", "in", "out", f"--size={size}"])
    assert capsys.readouterr().err.endswith(f"expected a whole number of pixels from 1 up; came {size}\n")
