"""What is missing or breaks on the device is told in one message, and the CPU computes on."""

import re

import pytest

USE = "fastconv.set_device('cpu')"
DEAD = (
    "the device cannot be used any more in this process. Start it anew; the CPU stays usable "
    "(fastconv.set_device('cpu'))."
)


def lines(text):
    return text.splitlines()


def test_no_driver(emulated):
    said = emulated("told(lambda: fc.set_device('cuda')); cpu_computes()", PTXSIM_GPU="none")
    assert lines(said) == [
        "DeviceError: cuda: expected an NVIDIA driver (580 or newer); none was found. Install one, or use "
        "fastconv.set_device('cpu').",
        "the CPU computes",
    ]


def test_an_old_driver(emulated):
    said = emulated("told(lambda: fc.set_device('cuda')); cpu_computes()", PTXSIM_GPU="old-driver")
    assert lines(said) == [
        "DeviceError: cuda: expected a driver for CUDA 13.0 or newer (580 or newer); came one for CUDA 11.4. Install a "
        "newer driver, or use fastconv.set_device('cpu').",
        "the CPU computes",
    ]


def test_an_array_on_a_gpu_without_a_driver(emulated):
    said = emulated(
        """
        class Their:
            __cuda_array_interface__ = dict(shape=(2,), typestr="<f4", data=(4096, False), version=3)
        told(lambda: fc.from_dlpack(Their()))
        cpu_computes()
        """,
        PTXSIM_GPU="none",
    )
    assert lines(said) == [
        "DeviceError: cuda: expected an NVIDIA driver (580 or newer); none was found. Install one, or use "
        "fastconv.set_device('cpu').",
        "the CPU computes",
    ]


def test_a_model_that_does_not_fit_stays_where_it_is(emulated):
    said = emulated(
        """
        from fastconv import layers
        model = fc.Sequential([layers.Dense(1024, input_shape=(2048,)), layers.Dense(2048)])  # 8 MB each
        told(lambda: model.to("cuda"))
        print({weight.device for weight in model.weights})
        print(model.predict(np.zeros((1, 2048), "f4"), verbose=0).shape)
        """,
        PTXSIM_MEMORY="12M",
    )
    assert lines(said) == [
        "OutOfMemory: cuda:0: expected 8 MB of free memory; 4 MB of 12 MB are free. Use a smaller batch, or free other "
        "models and programs.",
        "{'cpu'}",
        "(1, 2048)",
    ]


def test_a_number_that_no_gpu_has(emulated):
    said = emulated(
        """
        told(lambda: fc.set_device("cuda:2"))
        told(lambda: fc.set_device("cuda:-1"))
        cpu_computes()
        """,
        PTXSIM_DEVICES="2",
    )
    assert lines(said) == [
        "DeviceError: device 'cuda:2': expected a number below 2, the GPUs that this process sees. Look at nvidia-smi "
        "and CUDA_VISIBLE_DEVICES.",
        "DeviceError: device: expected one of 'cpu', 'cuda', 'reference', or 'cuda:N' with N = 0, 1, 2, ...; came "
        "'cuda:-1'. Call fastconv.set_device('cpu'), or unset FASTCONV_DEVICE.",
        "the CPU computes",
    ]


def test_visible_devices(emulated):
    """CUDA_VISIBLE_DEVICES counts, not what the machine has."""
    program = "told(lambda: fc.set_device('cuda')); told(lambda: fc.set_device('cuda:1')); cpu_computes()"
    assert lines(emulated(program, PTXSIM_DEVICES="2", CUDA_VISIBLE_DEVICES="1")) == [
        "nothing was raised",
        "DeviceError: device 'cuda:1': expected a number below 1, the GPUs that this process sees. Look at nvidia-smi "
        "and CUDA_VISIBLE_DEVICES.",
        "the CPU computes",
    ]
    none = (
        "DeviceError: cuda: expected a GPU; the driver sees none. Look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use "
        "fastconv.set_device('cpu')."
    )
    assert lines(emulated(program, PTXSIM_DEVICES="2", CUDA_VISIBLE_DEVICES="")) == [
        none,
        none,
        "the CPU computes",
    ]


def test_a_lost_device(emulated):
    """Whatever is asked of it afterwards says so; nothing hangs, and letting go of its arrays is silent."""
    said = emulated(
        """
        fc.set_device("cuda")
        x = np.ones((4, 4), "f4")
        y = fc.kernels.relu(x)
        told(lambda: [fc.kernels.relu(x) for _ in range(9)])
        told(y.numpy)
        told(lambda: fc.Array.from_numpy(x))
        told(lambda: y.to("cpu"))
        del y
        cpu_computes()
        """,
        PTXSIM_GPU="lost:3",
    )
    found = lines(said)
    assert len(found) == 5
    for line in found[:-1]:
        assert re.fullmatch(
            rf"DeviceError: CUDA: cudaErrorUnknown \(unknown error\) from cuda\w+ at FILE:LINE: {re.escape(DEAD)}",
            line,
        )
    assert found[-1] == "the CPU computes"


def test_an_error_that_sticks(emulated):
    """A kernel reads outside of its memory: the device is gone for this process."""
    said = emulated(
        """
        fc.set_device("cuda")
        small = fc.Array.from_numpy(np.ones(128, "f4"))
        large = fc.Array.from_numpy(np.ones(1 << 20, "f4"))
        told(lambda: large.buffer.gather([1], small.buffer.pointer))
        told(lambda: fc.kernels.relu(np.ones(4, "f4")).numpy())
        cpu_computes()
        """,
        PTXSIM_LOG="/dev/null",
    )
    found = lines(said)
    for line in found[:2]:
        assert re.fullmatch(
            r"DeviceError: CUDA: cudaErrorIllegalAddress \(an illegal memory access was encountered\) from cuda\w+ at "
            rf"FILE:LINE: {re.escape(DEAD)}",
            line,
        )
    assert found[2:] == ["the CPU computes"]


@pytest.mark.parametrize(
    "call", ["launch:3", "memcpy:3", "sync:3", "sync:5", "graph:1", "hostalloc:1", "hostalloc:3", "event:4"]
)
def test_a_call_that_fails_once(emulated, call):
    """The step says which call it was; the next one computes, and nothing stays allocated."""
    said = emulated(
        """
        import os
        fc.set_device("cuda")
        from fastconv import _cuda
        function = Function(lambda x: p.Relu()(p.Relu()(x)), device="cuda")
        x = np.linspace(-1, 1, 64, dtype="f4")
        failed = 0
        for _ in range(8):
            try:
                assert (function(x).numpy() == np.maximum(x, 0)).all()
            except fc.FastconvError as error:
                failed += 1
                told(lambda error=error: (_ for _ in ()).throw(error))
        assert failed == 1, failed
        function = None
        give_back()
        print(_cuda.memory(0)["blocks"], "blocks")
        """,
        PTXSIM_FAIL=call,
    )
    assert re.match(r"(DeviceError|OutOfMemory): (function: )?(CUDA|cuda:0): ", said)
    assert said.endswith("\n0 blocks\n")


PARTLY = (
    " This step had begun to write: its weights may be new in part. Load them (model.load_weights), or build the model "
    "anew."
)


@pytest.mark.parametrize("graph", ["0", "1"])
@pytest.mark.parametrize("number", range(3, 12))  # two come before the first step
def test_a_launch_that_fails_while_state_is_written(emulated, graph, number):
    """Either nothing is written, or the error says that the state may be new in part; and plans see that it is."""
    said = emulated(
        """
        from fastconv.graph import as_symbol, assign, guard
        first, second = (fc.Variable(np.ones(4, "f4"), device="cuda:0") for _ in range(2))

        def step(x):
            guard(x)
            assign(first, p.Add()(as_symbol(first), x))
            assign(second, p.Multiply()(as_symbol(second), x))

        function = Function(step, device="cuda:0")
        seen = Function(lambda: p.Multiply()(as_symbol(first), as_symbol(second)))
        assert seen().numpy().tolist() == [1] * 4
        steps, failed = 0, ""
        while not failed and steps < 3:
            try:
                function(np.full(4, 2, "f4"))
                steps += 1
            except fc.FastconvError as error:
                failed = str(error)
        whole = (first.numpy() == 1 + 2 * steps).all() and (second.numpy() == 2**steps).all()
        assert (seen().numpy() == first.numpy() * second.numpy()).all()
        print(steps, whole, failed)
        """,
        PTXSIM_FAIL=f"launch:{number}",
        FASTCONV_CUDA_GRAPH=graph,
    )
    _, whole, failed = said.rstrip("\n").split(" ", 2)
    assert whole == "True" or failed.endswith(PARTLY)


@pytest.mark.parametrize("call", ["stream:2", "event:1", "event:3"])
def test_opening_a_device_fails_once(emulated, call):
    said = emulated(
        """
        told(lambda: fc.set_device("cuda"))
        fc.set_device("cuda")
        print(fc.kernels.relu(np.ones(4, "f4")).device)
        """,
        PTXSIM_FAIL=call,
    )
    function = "cudaStreamCreateWithFlags" if "stream" in call else "cudaEventCreateWithFlags"
    assert lines(said) == [
        f"OutOfMemory: CUDA: cudaErrorMemoryAllocation (out of memory) from {function} at FILE:LINE. Use a smaller "
        "batch.",
        "cuda:0",
    ]


def test_each_allocation_fails_once(emulated):
    """OutOfMemory each time, until all succeed; then the results are right."""
    said = emulated(
        """
        fc.set_device("cuda")
        function = Function(lambda x: p.Relu()(p.Relu()(x)), device="cuda")
        x = np.linspace(-1, 1, 1 << 10, dtype="f4")
        failed = 0
        while True:
            try:
                result = function(x).numpy()
                break
            except fc.FastconvError as error:
                assert type(error).__name__ == "OutOfMemory", error
                failed += 1
        assert (result == np.maximum(x, 0)).all()
        print(failed)
        cpu_computes()
        """,
        PTXSIM_FAIL=",".join(f"malloc:{n}" for n in range(1, 24, 2)),
    )
    failed, computes = lines(said)
    assert 3 <= int(failed) <= 12
    assert computes == "the CPU computes"


def test_a_step_behind_one_that_was_bad_and_failed(emulated):
    """The gate that it had shut is open again: of three launches the last one fails, which would write."""
    said = emulated(
        """
        from fastconv.graph import as_symbol, assign, guard
        state = fc.Variable(np.ones(4, "f4"), device="cuda:0")

        def step(x):
            guard(x)
            assign(state, p.Add()(as_symbol(state), x))

        function = Function(step, device="cuda:0")
        told(lambda: function(np.full(4, np.nan, "f4")))
        told(lambda: [function(np.ones(4, "f4")), state.numpy()])
        print(state.numpy())
        """,
        PTXSIM_FAIL="launch:3",
    )
    failed, *rest = lines(said)
    assert failed.startswith("DeviceError: CUDA: cudaErrorLaunchOutOfResources")
    assert rest == ["nothing was raised", "[2. 2. 2. 2.]"]


@pytest.mark.parametrize("call", ["memcpy", "sync"])
@pytest.mark.parametrize("number", range(2, 11))
def test_what_fails_while_a_bad_step_is_told_of(emulated, call, number):
    """Steps behind it are not taken for bad ones, and it is told of where the device could not be waited for."""
    said = emulated(
        """
        from fastconv.graph import as_symbol, assign, guard
        state = fc.Variable(np.zeros(4, "f4"), device="cuda:0")

        def step(x):
            total = p.Add()(as_symbol(state), x)
            guard(total)
            assign(state, total)

        function = Function(step, device="cuda:0")
        told(lambda: function(np.full(4, np.nan, "f4")))
        told(state.numpy)
        for _ in range(3):
            told(lambda: [function(np.ones(4, "f4")), state.numpy()])
        print(state.numpy())
        """,
        PTXSIM_FAIL=f"{call}:{number}",
    )
    *told, state = lines(said)
    kinds = [line.partition(":")[0] for line in told]
    assert "NumericsError: a value. Nothing of this step was kept." not in told
    assert kinds.count("DeviceError") <= 1 and kinds.count("NumericsError") <= 1
    assert kinds[0] == "DeviceError" or set(kinds[:3]) != {"nothing was raised"}
    assert kinds[3:] == ["nothing was raised"] * 2
    assert state in ("[2. 2. 2. 2.]", "[3. 3. 3. 3.]")


def test_a_wait_that_fails_leaves_the_bad_step_to_be_told_of(emulated):
    said = emulated(
        """
        from fastconv.graph import as_symbol, assign, guard
        state = fc.Variable(np.zeros(4, "f4"), device="cuda:0")

        def step(x):
            guard(x)
            assign(state, p.Add()(as_symbol(state), x))

        Function(step, device="cuda:0")(np.full(4, np.nan, "f4"))
        told(state.numpy)
        told(state.numpy)
        """,
        PTXSIM_FAIL="sync:5",
    )
    failed, bad = lines(said)
    assert failed.startswith("DeviceError: CUDA: cudaErrorLaunchFailure") and "cudaEventSynchronize" in failed
    assert bad.startswith("NumericsError: ")


def test_a_clock_that_is_stopped_by_an_error(emulated, tmp_path):
    """The events that it made go back."""
    trace = tmp_path / "trace"
    emulated(
        """
        function = Function(lambda x: p.Relu()(x), device="cuda")
        told(lambda: function(np.ones(4, "f4")))
        del function
        give_back()
        """,
        PTXSIM_FAIL="launch:1",
        PTXSIM_TRACE=str(trace),
        FASTCONV_VERBOSE="1",
    )
    calls = [line.split()[1] for line in trace.read_text().splitlines()]
    # Three are the device's and live as long as it does, two the plan's, two the clock's.
    assert calls.count("cudaEventCreate") == 7
    assert calls.count("cudaEventDestroy") == 4


def test_out_of_memory_says_which_batch_fits(emulated):
    """And that batch does fit; with nothing in common to make smaller, it says the size alone."""
    said = emulated(
        """
        fc.set_device("cuda")
        function = Function(lambda x: p.Relu()(x), device="cuda", name="step")
        told(lambda: function(np.zeros((64, 1 << 18), "f4")))
        from fastconv.runtime.device import get_device
        free = get_device("cuda").available_bytes()
        fits = 1
        while 4 * (fits + 1) * 4 * (1 << 18) * 17 // 16 <= free:
            fits += 1
        print(fits)
        function(np.zeros((fits, 1 << 18), "f4"))
        print("a batch of that size ran")
        del function
        one = Function(lambda x: p.Relu()(x), device="cuda", name="step")
        told(lambda: one(np.zeros((1, 1 << 25), "f4")))
        flat = Function(lambda x, y: p.Relu()(x), device="cuda", name="step")
        told(lambda: flat(np.zeros((64, 1 << 18), "f4"), np.zeros((3,), "f4")))
        cpu_computes()
        """,
        PTXSIM_MEMORY="64M",
    )
    assert lines(said) == [
        "OutOfMemory: step: a batch of 64 needs 285 MB on 'cuda:0'; 67 MB are free. A batch of 15 would fit, or free "
        "other models and programs.",
        "15",
        "a batch of that size ran",
        "OutOfMemory: step: a batch of 1 needs 570 MB on 'cuda:0'; 67 MB are free. Not even a batch of 1 fits: use "
        "smaller images, or free other models and programs.",
        "OutOfMemory: step: the plan needs 285 MB on 'cuda:0'; 67 MB are free. Use smaller inputs, or free other models "
        "and programs.",
        "the CPU computes",
    ]


def test_variables_on_different_devices(emulated):
    said = emulated(
        """
        from fastconv.graph import as_symbol
        here = fc.Variable(np.ones(4, "f4"), name="here", device="cuda:0")
        there = fc.Variable(np.ones(4, "f4"), name="there", device="cuda:1")
        host = fc.Variable(np.ones(4, "f4"), name="host", device="cpu")
        told(lambda: Function(lambda: (p.Relu()(as_symbol(here)), p.Relu()(as_symbol(there))))())
        told(lambda: Function(lambda: (p.Relu()(as_symbol(host)), p.Relu()(as_symbol(here))))())
        x = fc.Array.from_numpy(np.ones(4, "f4"), "cuda:1")
        told(lambda: Function(lambda x: p.Relu()(x), device="cuda:0", name="f")(x))
        told(lambda: Function(lambda x: p.Relu()(x), device="cpu", name="f")(x))
        cpu_computes()
        """,
        PTXSIM_DEVICES="2",
    )
    assert lines(said) == [
        "DeviceError: variable 'there' is on 'cuda:1'; it is used together with variables on 'cuda:0'. Move one of them: "
        "model.to('cuda:0') or variable.to('cuda:0').",
        "DeviceError: variable 'here' is on 'cuda:0'; it is used together with variables on 'cpu'. Move one of them: "
        "model.to('cpu') or variable.to('cpu').",
        "DeviceError: f: expected arrays on 'cuda:0' or in the host's memory; came one on 'cuda:1'. Move it with "
        "x.to('cuda:0').",
        "DeviceError: f: expected arrays on 'cpu' or in the host's memory; came one on 'cuda:1'. Move it with "
        "x.to('cpu').",
        "the CPU computes",
    ]


def test_two_devices_and_several_functions_on_each(emulated):
    said = emulated(
        """
        x = np.linspace(-1, 1, 64, dtype="f4")
        functions = [
            Function(lambda x, k=k: p.Relu()(x), device=f"cuda:{k % 2}") for k in range(4)
        ]
        for _ in range(4):
            results = [function(x) for function in functions]
        print([result.device for result in results])
        assert all((result.numpy() == np.maximum(x, 0)).all() for result in results)
        moved = results[0].to("cuda:1")
        print(moved.device, (fc.kernels.relu(moved).numpy() == np.maximum(x, 0)).all())
        del functions, results, moved
        give_back()
        """,
        PTXSIM_DEVICES="2",
        PTXSIM_CHECK="all",
        PTXSIM_LAZY="7",
        PTXSIM_STRICT="1",
        PTXSIM_MEMORY="1G",
    )
    assert lines(said) == ["['cuda:0', 'cuda:1', 'cuda:0', 'cuda:1']", "cuda:1 True"]


def test_a_forked_child(emulated, tmp_path):
    """It is told not to use the device, computes on the CPU, and calls nothing of CUDA, not even to free."""
    said = emulated(
        """
        import gc, os, sys, warnings
        warnings.simplefilter("ignore")
        fc.set_device("cuda")
        x = np.linspace(-1, 1, 64, dtype="f4")
        function = Function(lambda x: p.Relu()(x), device="cuda")
        y = [function(x) for _ in range(3)][-1]
        capsule = y.__dlpack__(stream=-1)
        borrowed = fc.Array(_core.Buffer("cuda:0", "float32", (64,), y.buffer.pointer, y))
        calls = lambda: sum(1 for _ in open(os.environ["PTXSIM_TRACE"]))
        before = calls()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            told(lambda: function(x))
            told(y.numpy)
            told(lambda: fc.Array.from_numpy(x))
            told(lambda: fc.set_device("cuda:1"))
            del y, function, capsule, borrowed
            gc.collect()
            cpu_computes()
            sys.stdout.flush()
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        print("child", os.waitstatus_to_exitcode(status), calls() - before)
        assert (function(x).numpy() == np.maximum(x, 0)).all()
        print("the parent computes")
        """,
        PTXSIM_TRACE=str(tmp_path / "trace"),
        PTXSIM_DEVICES="2",
    )
    refusal = (
        "DeviceError: {}: CUDA cannot be used in a process that was forked after its first use. Start workers with "
        "multiprocessing's 'spawn', fork before the first use of the device, or use fastconv.set_device('cpu')."
    )
    assert lines(said) == [
        *[refusal.format("cuda:0")] * 3,
        refusal.format("cuda"),
        "the CPU computes",
        "child 0 0",
        "the parent computes",
    ]


def test_a_fork_before_the_first_use_may_use_it(emulated):
    said = emulated(
        """
        import os, sys
        child = os.fork()
        if child == 0:
            fc.set_device("cuda")
            print(fc.kernels.relu(np.ones(4, "f4")).device)
            sys.stdout.flush()
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    assert lines(said) == ["cuda:0", "0"]


def test_empty_batches(emulated):
    said = emulated(
        """
        fc.set_device("cuda")
        print(fc.kernels.relu(np.zeros((0, 4, 4, 3), "f4")).shape)
        function = Function(lambda x: p.Relu()(x), device="cuda")
        print([function(np.zeros((0, 7), "f4")).numpy().shape for _ in range(3)])
        del function
        give_back()
        """,
        PTXSIM_CHECK="all",
        PTXSIM_STRICT="1",
    )
    assert lines(said) == ["(0, 4, 4, 3)", "[(0, 7), (0, 7), (0, 7)]"]


def test_nothing_is_left_at_the_exit(emulated, tmp_path):
    """What plans, arrays and transfers took goes back to the driver."""
    emulated(
        """
        fc.set_device("cuda")
        function = Function(lambda x: p.Relu()(p.Relu()(x)), device="cuda")
        y = [function(np.ones((64, 64), "f4")) for _ in range(3)]
        del function, y
        give_back()
        """,
        PTXSIM_CHECK="leak",
        PTXSIM_STRICT="1",
        PTXSIM_LOG=str(tmp_path / "findings"),
    )


def test_what_is_left_at_the_exit_would_be_found(emulated):
    emulated(
        "fc.set_device('cuda'); kept = fc.Array.from_numpy(np.ones(4, 'f4'))",
        status=99,
        PTXSIM_CHECK="leak",
        PTXSIM_STRICT="1",
    )
