"""The emulated CUDA runtime on programs of its own: right ones run silently, planted bugs are found and nothing else.

Each program is compiled once and kept under ~/.cache/ptxsim/tests (`PTXSIM_TESTS` names another folder).  The plain run
takes a few of them; `--slow` takes all.
"""

import hashlib
import json
import math
import os
import re
import shutil
import site
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

PTXSIM = Path(__file__).resolve().parents[2] / "tools" / "ptxsim"
PROGRAMS = PTXSIM / "tests"
FLAGS = ("-std=c++17", "-O2", "-lineinfo", "-Wno-deprecated-gpu-targets", "-w")
PTX_AND_SASS = ("-gencode", "arch=compute_80,code=[compute_80,sm_80]")
FINDING = re.compile(r"ptxsim: \[([^\]]*)\]")

# A right program runs in all of them, silently.
SETTINGS = {
    "plain": "",
    "checked": "PTXSIM_CHECK=all",
    "shuffled": "PTXSIM_ORDER=3 PTXSIM_LAZY=5",
    "checked shuffled": "PTXSIM_CHECK=all PTXSIM_ORDER=11 PTXSIM_LAZY=1",
}
# What the plain run takes: one program a part of the runtime.
QUICK = {"vadd", "graphs", "streams", "oob", "race_streams", "sync_raw", "capture", "pinned_free"}


@dataclass(frozen=True)
class Ran:
    status: int
    output: str
    errors: str

    @property
    def findings(self):
        return FINDING.findall(self.errors)

    def __str__(self):
        return f"exit status {self.status}\n{self.output[-1500:]}\n{self.errors[-2500:]}"


def programs(kind):
    """The programs of a folder as parameters; those that the plain run leaves out are marked slow."""
    return [
        pytest.param(
            f"{kind}/{path.stem}", id=path.stem, marks=[] if path.stem in QUICK else pytest.mark.slow
        )
        for path in sorted((PROGRAMS / kind).glob("*.cu"))
    ]


def mark(program, name):
    """What the program's first lines say about `name`, such as "// FIND: double free"."""
    head = (PROGRAMS / f"{program}.cu").read_text(encoding="utf-8").splitlines()[:6]
    return next((line.partition(f"// {name}:")[2].strip() for line in head if f"// {name}:" in line), None)


# Compiling and running


def find_nvcc():
    """$NVCC, or the nvcc on the path if it is CUDA 13's, or the one of NVIDIA's package; None where there is none."""
    packaged = [Path(folder, "nvidia", "cu13", "bin", "nvcc") for folder in site.getsitepackages()]
    named = [os.environ.get("NVCC"), "nvcc", *packaged]
    found = [shutil.which(name) for name in named if name]
    return next((nvcc for nvcc in found if nvcc and b"release 13" in version_of(nvcc)), None)


def version_of(nvcc):
    return subprocess.run([nvcc, "--version"], capture_output=True, check=True).stdout


def runtime_flags(nvcc, folder):
    """Links the shared runtime.  The packaged toolkit lacks the name that the linker looks for: `folder` gets it."""
    shown = subprocess.run(
        [nvcc, "--dryrun", "-x", "cu", "/dev/null"], capture_output=True, text=True, check=True
    )
    packaged = Path(re.search(r"^#\$ TOP=(.*)$", shown.stderr, re.MULTILINE)[1], "lib", "libcudart.so.13")
    if not packaged.is_file() or packaged.with_name("libcudart.so").exists():
        return ("-cudart", "shared")
    partial = folder / f"libcudart.so.{os.getpid()}"
    partial.symlink_to(packaged)
    partial.replace(folder / "libcudart.so")  # at once: other test runs may be linking
    return ("-cudart", "shared", f"-L{folder}", f"-L{packaged.parent}")


class Compiler:
    """Compiles test programs, several at a time and each only once."""

    def __init__(self, nvcc, folder):
        self.nvcc, self.folder = nvcc, folder
        self.link = runtime_flags(nvcc, folder)
        self.version = version_of(nvcc)
        self.pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self.begun = {}

    def begin(self, program, flags=PTX_AND_SASS, suffix=""):
        key = program, tuple(flags), suffix
        if key not in self.begun:
            self.begun[key] = self.pool.submit(self._compile, *key)
        return self.begun[key]

    def __call__(self, program, flags=PTX_AND_SASS, suffix=""):
        return self.begin(program, flags, suffix).result()

    def _compile(self, program, flags, suffix):
        source, shared = PROGRAMS / f"{program}.cu", PROGRAMS / "t.h"
        command = [self.nvcc, *FLAGS, *flags, *self.link]
        text = source.read_bytes() + shared.read_bytes() + self.version + repr(command).encode()
        target = self.folder / f"{source.stem}-{hashlib.sha256(text).hexdigest()[:12]}{suffix}"
        if not target.exists():
            partial = target.with_name(f"{target.name}.{os.getpid()}")
            done = subprocess.run(
                # A relative name: findings quote it.
                [*command, "-o", partial, f"{program}.cu"],
                cwd=PROGRAMS,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{program} does not compile:\n{done.stdout}{done.stderr}"
            partial.replace(target)
        return target


@pytest.fixture(scope="session")
def compiled(request, emulated_runtime):
    nvcc = find_nvcc()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("PTXSIM_TESTS") or cache / "ptxsim" / "tests")
    folder.mkdir(parents=True, exist_ok=True)
    compiler = Compiler(nvcc, folder)
    for item in request.session.items:  # while the first tests run, the others' programs are compiled
        callspec = getattr(item, "callspec", None)
        if "compiled" in getattr(item, "fixturenames", ()) and callspec and "program" in callspec.params:
            compiler.begin(callspec.params["program"])
    yield compiler
    compiler.pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def emulated_runtime():
    """Folder of the emulated libcudart.so.13, built now if need be."""
    if not find_nvcc():
        reason = "no nvcc: neither the system's nor the package nvidia-cuda-nvcc"
        if os.environ.get("FASTCONV_REQUIRE_CUDA") == "1":
            pytest.fail(f"{reason} (FASTCONV_REQUIRE_CUDA=1)")
        pytest.skip(reason)
    done = subprocess.run([PTXSIM / "build"], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"tools/ptxsim/build failed:\n{done.stderr}"
    return Path(done.stdout.strip())


def environment(settings=""):
    """The caller's environment with these settings ("A=1 B=2") and no others of the emulated runtime."""
    kept = {"PTXSIM_BUILD", "PTXSIM_CXXFLAGS", "PTXSIM_JOBS", "PTXSIM_THREADS"}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in kept or not name.startswith(("PTXSIM_", "CUDA_VISIBLE"))
    }
    return inherited | dict(setting.split("=", 1) for setting in settings.split())


def run(command, settings=""):
    done = subprocess.run(
        [PTXSIM / "run", *command],
        env=environment(settings),
        cwd=PROGRAMS,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


# One program, one run


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("program", programs("pos"))
def test_right_program(program, setting, compiled):
    ran = run([compiled(program)], SETTINGS[setting])
    assert ran.status == 0 and not ran.findings, str(ran)


@pytest.mark.parametrize("program", programs("neg"))
def test_right_twin_of_planted_bug(program, compiled):
    settings = f"{mark(program, 'ENV') or ''} PTXSIM_STRICT=99"
    ran = run([compiled(program), "ok"], settings)
    assert ran.status == 0 and not ran.findings, str(ran)


@pytest.mark.parametrize("program", programs("neg"))
def test_planted_bug(program, compiled):
    wanted, settings = mark(program, "FIND"), mark(program, "ENV") or ""
    if wanted:
        ran = run([compiled(program), "bug"], f"{settings} PTXSIM_STRICT=99")
        assert ran.status == 99 and len(set(ran.findings)) == 1, str(ran)
        assert re.search(wanted, re.sub(r"\s+", " ", ran.errors)), str(ran)
    else:  # a wrong result or an error code, and nothing for a checker to find
        ran = run([compiled(program), "bug"], settings)
        assert ran.status == 1 and not ran.findings, str(ran)


# Several runs of one program


@pytest.mark.slow
@pytest.mark.parametrize("settings", ["", "PTXSIM_CHECK=all PTXSIM_ORDER=2 PTXSIM_LAZY=1"])
def test_library_loaded_from_python(settings, compiled):
    library = compiled("special/launchers", (*PTX_AND_SASS, "-Xcompiler", "-fPIC", "-shared"), ".so")
    ran = run([sys.executable, PROGRAMS / "special" / "use_launchers.py", library], settings)
    assert ran.status == 0 and not ran.findings and "all equal" in ran.output, str(ran)


@pytest.mark.slow
def test_library_loaded_from_python_speaks_at_the_end(compiled, tmp_path):
    library = compiled("special/launchers", (*PTX_AND_SASS, "-Xcompiler", "-fPIC", "-shared"), ".so")
    leak = (
        "import ctypes, sys; library, memory = ctypes.CDLL(sys.argv[1]), ctypes.c_void_p();"
        "library.dev_alloc(ctypes.byref(memory), ctypes.c_size_t(1000))"
    )
    settings = (
        f"PTXSIM_CHECK=leak PTXSIM_STRICT=1 PTXSIM_LOG={tmp_path}/log PTXSIM_REPORT={tmp_path}/report.json"
    )
    ran = run([sys.executable, "-c", leak, library], settings)
    assert ran.status == 99, str(ran)
    assert "[leak] 1 allocation(s), 1000 bytes" in (tmp_path / "log").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["api_calls"] == {
        "cudaMalloc": 1
    }


ok, no_memory, unknown = "cudaSuccess", "cudaErrorMemoryAllocation", "cudaErrorUnknown"


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ("", {"count": ok, "malloc1": ok, "malloc2": ok, "copy1": ok, "launch2": ok, "sync": ok, "last": ok}),
        ("", {"n": "1", "driver": "13000", "cc": "80"}),
        ("PTXSIM_FAIL=malloc:2", {"malloc1": ok, "malloc2": no_memory, "malloc3": ok}),
        ("PTXSIM_FAIL=malloc:3=999", {"malloc2": ok, "malloc3": unknown}),
        ("PTXSIM_FAIL=memcpy:2", {"copy1": ok, "copy2": "cudaErrorInvalidValue"}),
        (
            "PTXSIM_FAIL=launch:2,sync:1",
            {
                "launch1": ok,
                "launch2": "cudaErrorLaunchOutOfResources",
                "launch3": ok,
                "sync": "cudaErrorLaunchFailure",
            },
        ),
        (
            "PTXSIM_GPU=none",
            {"count": "cudaErrorNoDevice", "n": "0", "malloc1": "cudaErrorNoDevice", "driver": "0"},
        ),
        (
            "PTXSIM_GPU=old-driver",
            {
                "count": "cudaErrorInsufficientDriver",
                "malloc1": "cudaErrorInsufficientDriver",
                "driver": "11040",
            },
        ),
        (
            "PTXSIM_GPU=lost:2",
            {"launch1": ok, "launch2": ok, "launch3": unknown, "sync": unknown, "last": unknown},
        ),
        ("PTXSIM_MEMORY=3M", {"malloc1": ok, "malloc2": ok, "malloc3": no_memory}),
        ("PTXSIM_DEVICE=sm_86", {"cc": "86"}),
        ("PTXSIM_DEVICE=sm_90", {"cc": "90"}),
    ],
)
def test_devices_and_failures_asked_for(settings, wanted, compiled):
    ran = run([compiled("special/failures")], settings)
    got = dict(line.split(" ", 1) for line in ran.output.splitlines() if " " in line)
    assert {name: got.get(name) for name in wanted} == wanted, str(ran)


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ("", "0 0 1"),
        ("PTXSIM_DEVICES=2", "0 0 2"),
        ("PTXSIM_DEVICES=3 CUDA_VISIBLE_DEVICES=2,1", "0 0 2"),
        ("CUDA_VISIBLE_DEVICES=", "100 100 0"),
        ("PTXSIM_GPU=none", "100 100 0"),
    ],
)
def test_driver_library(settings, answer, emulated_runtime):
    ask = (
        "import ctypes; driver, n = ctypes.CDLL('libcuda.so.1'), ctypes.c_int(-1);"
        "print(driver.cuInit(0), driver.cuDeviceGetCount(ctypes.byref(n)), n.value)"
    )
    ran = run([sys.executable, "-c", ask], settings)
    assert ran.output.strip() == answer, str(ran)


hidden = "cudaErrorInvalidDevice"


@pytest.mark.parametrize(
    ("visible", "answer"),
    [
        (None, f"{ok} 0 1 2, then {hidden}"),
        ("2,0", f"{ok} 2 0, then {hidden}"),
        ("1", f"{ok} 1, then {hidden}"),
        ("0,-1,1", f"{ok} 0, then {hidden}"),
        ("1,3,0", f"{ok} 1, then {hidden}"),
        ("1,no,0", f"{ok} 1, then {hidden}"),
        ("1,2,1", "cudaErrorNoDevice, then cudaErrorNoDevice"),
        ("-1", "cudaErrorNoDevice, then cudaErrorNoDevice"),
        ("", "cudaErrorNoDevice, then cudaErrorNoDevice"),
    ],
)
def test_visible_devices(visible, answer, compiled):
    settings = "PTXSIM_DEVICES=3" + ("" if visible is None else f" CUDA_VISIBLE_DEVICES={visible}")
    ran = run([compiled("special/visible")], settings)
    assert ran.output.strip() == answer and not ran.findings, str(ran)


@pytest.mark.slow
@pytest.mark.parametrize("settings", ["", "PTXSIM_CHECK=all PTXSIM_LAZY=3"])
def test_two_devices(settings, compiled):
    ran = run([compiled("special/devices")], f"PTXSIM_DEVICES=2 {settings}")
    assert ran.status == 0 and not ran.findings, str(ran)


@pytest.mark.slow
def test_memory_of_another_device_without_peer_access(compiled):
    ran = run([compiled("special/devices"), "nopeer"], "PTXSIM_DEVICES=2")
    assert ran.status == 0 and set(ran.findings) == {"peer access"}, str(ran)


# Counters


@pytest.fixture(scope="module")
def counted(compiled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("counters")
    ran = run(
        [compiled("special/counters")],
        f"PTXSIM_REPORT={folder}/report.json PTXSIM_TRACE={folder}/trace PTXSIM_REPORT_LAUNCHES=1",
    )
    assert ran.status == 0, str(ran)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    kernels = {re.sub(r"^void |\(.*", "", kernel["kernel"]): kernel for kernel in report["kernels"]}
    return report, kernels, (folder / "trace").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_launch_is_cut_to_its_first_blocks(compiled, tmp_path):
    ran = run([compiled("special/counters")], f"PTXSIM_REPORT={tmp_path}/report.json PTXSIM_BLOCKS=3")
    assert ran.status == 0, str(ran)
    kernels = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["kernels"]
    assert kernels
    for kernel in kernels:
        if not kernel["shapes_vary"]:
            assert kernel["blocks"] == min(3, math.prod(kernel["grid"])) * kernel["launches"]


WARPS = 16  # 4 blocks of 128 threads


@pytest.mark.slow
@pytest.mark.parametrize(("stride", "sectors"), [(0, 1), (1, 4), (2, 8), (8, 32), (32, 32)])
def test_global_sectors(stride, sectors, counted):
    kernel = counted[1][f"stride<{stride}>"]
    assert kernel["global_load"]["requests"] == WARPS
    assert kernel["global_load"]["bytes_requested"] == WARPS * 128
    assert kernel["global_load"]["sectors_per_request"] == pytest.approx(sectors)
    assert kernel["global_store"]["sectors_per_request"] == pytest.approx(4)


@pytest.mark.slow
@pytest.mark.parametrize(("stride", "ways"), [(0, 1), (1, 1), (2, 2), (3, 1), (8, 8), (32, 32)])
def test_bank_conflicts(stride, ways, counted):
    kernel = counted[1][f"bank<{stride}>"]
    assert kernel["shared_load"]["conflict_ways"] == pytest.approx(ways)
    assert kernel["shared_store"]["conflict_ways"] == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path", "count"),
    [
        ("vec4", "global_load/sectors_per_request", 16),
        ("bank4<4>", "shared_load/conflict_ways", 1),
        ("bank4<4>", "shared_load/ideal_passes", WARPS),
        ("fmas", "instruction_mix/fp32_fma", WARPS * 1000),
        ("fmas", "fp32_fma_flops", WARPS * 1000 * 64),
        ("fmas", "launches", 1),
        ("half_warp", "loop/lane_utilisation", 0.5),
        ("cpa", "cp_async_bytes", WARPS * 32 * 16),
        ("atom", "global_atomic_lanes", WARPS * 32),
        ("atom", "shared_atomic_lanes", WARPS * 32),
        ("mma", "instruction_mix/mma", WARPS * 10),
        ("mma", "mma_flops", WARPS * 10 * 2 * 16 * 8 * 16),
        ("stride<1>", "grid", [4, 1, 1]),
        ("stride<1>", "block", [128, 1, 1]),
        ("dynsh", "dynamic_shared", 70000),
        ("dynsh", "occupancy/blocks_per_sm", 2),
        ("dynsh", "occupancy/limited_by", "shared memory"),
    ],
)
def test_counter(name, path, count, counted):
    value = counted[1][name]
    for part in path.split("/"):
        value = value[part]
    assert value == (pytest.approx(count) if isinstance(count, float) else count)


@pytest.mark.slow
def test_launches_and_calls_are_counted(counted):
    report, kernels, trace = counted
    assert kernels["fmas"]["registers"] > 0
    assert len(report["launches"]) == sum(kernel["launches"] for kernel in kernels.values())
    assert report["api_calls"]["cudaLaunchKernel"] == len(report["launches"])
    assert "cudaLaunchKernel void stride<1>" in trace and "grid=4x1x1 block=128x1x1" in trace


# Binaries that cannot run, and files


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("-gencode", "arch=compute_80,code=sm_80"), "no PTX in the fat binary"),
        (("-gencode", "arch=compute_90,code=compute_90"), "the embedded PTX is for sm_90"),
    ],
    ids=["only machine code", "PTX for a newer device"],
)
def test_no_image_for_the_device(flags, message, compiled):
    ran = run([compiled("special/tiny", flags)])
    assert message in ran.errors and "cudaErrorNoKernelImageForDevice" in ran.output, str(ran)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["none", "speed", "size"])
def test_compressed_fat_binary(mode, compiled):
    ran = run([compiled("special/tiny", (*PTX_AND_SASS, f"--compress-mode={mode}"))])
    assert "cudaSuccess 7" in ran.output or "libzstd" in ran.errors, str(ran)


@pytest.mark.slow
def test_relocatable_code_is_refused(compiled):
    ran = run([compiled("special/tiny", (*PTX_AND_SASS, "-rdc=true", "-DRDC"))])
    assert "cudaSuccess 7" not in ran.output and "relocatable device code" in ran.errors, str(ran)


@pytest.mark.slow
def test_missing_runtime_function_is_named_at_the_start(compiled):
    ran = run([compiled("special/tiny", (*PTX_AND_SASS, "-DMISSING"))])
    assert ran.status == 127 and "cudaMallocArray" in ran.errors, str(ran)


def test_findings_in_a_file(compiled, tmp_path):
    ran = run([compiled("neg/oob"), "bug"], f"PTXSIM_LOG={tmp_path}/log")
    assert ran.status == 1 and ran.errors == "", str(ran)
    assert "out of bounds" in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("checkers", "findings"), [("leak", ["leak"]), ("memcheck", ["leak"]), ("memcheck,-leak", [])]
)
def test_leaks_are_looked_for_where_wanted(checkers, findings, compiled):
    ran = run([compiled("neg/leak"), "bug"], f"PTXSIM_CHECK={checkers}")
    assert ran.status == 0 and ran.findings == findings, str(ran)


def test_stops_at_the_first_finding(compiled):
    ran = run([compiled("neg/oob"), "bug"], "PTXSIM_FATAL=1")
    assert ran.status == 99, str(ran)


def test_trace_named_after_the_process(compiled, tmp_path):
    run([compiled("neg/oob"), "ok"], f"PTXSIM_TRACE={tmp_path}/trace.%p")
    (trace,) = tmp_path.iterdir()
    assert "cudaMalloc bytes=4000" in trace.read_text(encoding="utf-8")


# The build


def test_sources_may_be_read_only(emulated_runtime, tmp_path):
    copy = shutil.copytree(PTXSIM, tmp_path / "copy", ignore=shutil.ignore_patterns("tests"))
    subprocess.run(["chmod", "-R", "a-w", copy], check=True)
    done = subprocess.run([copy / "build"], env=environment(), capture_output=True, text=True, check=False)
    subprocess.run(["chmod", "-R", "u+w", copy], check=True)
    assert (done.returncode, done.stdout.strip()) == (0, str(emulated_runtime)), done.stderr
