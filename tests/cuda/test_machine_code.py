"""What ptxas made of the kernels: nothing spilled inside the loops of those that are marked hot."""

from pathlib import Path

import pytest

from fastconv.testing import machine_code

ROOT = Path(__file__).resolve().parents[2]

LISTING = """
	code for sm_80
		Function : _ZN8fastconv4sumsEPf
	.headerflags	@"EF_CUDA_SM80 EF_CUDA_VIRTUAL_SM(EF_CUDA_SM80)"
        /*0000*/                   MOV R1, c[0x0][0x28] ;                         /* 0x00000a0000017a02 */
                                                                                  /* 0x000fe40000000f00 */
        /*0010*/                   STL [R1], R2 ;                                 /* 0x0000000201007387 */
        /*0020*/                   LDG.E.128 R4, [R2.64] ;                        /* 0x0000000402047981 */
        /*0030*/                   LDL R5, [R1] ;                                 /* 0x0000000001057983 */
        /*0040*/              @!P0 BRA 0x20 ;                                     /* 0xffffffd000008947 */
        /*0050*/               @P1 BRA 0x10 ;                                     /* 0xffffffb000001947 */
        /*0060*/                   EXIT ;                                         /* 0x000000000000794d */
        /*0070*/                   BRA 0x70;                                      /* 0xfffffff000007947 */
		Function : _ZN8fastconv6nothingEv
        /*0000*/                   EXIT ;                                         /* 0x000000000000794d */
"""

REPORT = """
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z4sumsPf' for 'sm_80'
ptxas info    : Function properties for _Z4sumsPf
    160 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 23 registers, used 0 barriers, 160 bytes cumulative stack size, 376 bytes cmem[0]
ptxas info    : Compiling entry function '_Z7nothingv' for 'sm_80'
ptxas info    : Function properties for _Z7nothingv
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 4 registers, used 0 barriers, 352 bytes cmem[0]
"""


def test_a_listing_is_read():
    sums, nothing = machine_code._read_listing(LISTING)
    assert sums.is_of("sums")
    assert not sums.is_of("sum")
    assert (sums.architecture, nothing.architecture) == ("sm_80", "sm_80")
    assert sums.instructions[2] == (0x20, "", "LDG.E.128", "R4, [R2.64]")
    assert [i.unit for i in nothing.instructions] == ["EXIT"]
    inner, outer = sums.loops()
    assert [i.unit for i in inner] == ["LDG", "LDL", "BRA"]
    assert [i.unit for i in machine_code.local_accesses(outer)] == ["STL", "LDL"]
    assert nothing.loops() == []


def test_a_report_is_read(tmp_path):
    (tmp_path / "conv2d").mkdir()
    (tmp_path / "conv2d" / "sums.txt").write_text(REPORT)
    assert machine_code.read_reports(tmp_path) == {
        ("_Z4sumsPf", "sm_80"): (23, 160, 12, 16),
        ("_Z7nothingv", "sm_80"): (4, 0, 0, 0),
    }


def test_marks_are_read():
    source = f"""
    {machine_code.HOT}; the drawing is above
    template <class Tile, bool fast>
    __global__ void __launch_bounds__(Tile::threads, blocks(2))
        gather(const float* x, int (*unused)(int)) {{ body(); }}
    __global__ void cold() {{}}
    """
    assert machine_code.hot_kernels(source) == ["gather"]
    with pytest.raises(ValueError, match="stands above no kernel"):
        machine_code.hot_kernels(f"{machine_code.HOT}\nint plain;")


def marked():
    sources = [*(ROOT / "csrc" / "cuda").rglob("*.cu"), *(ROOT / "csrc" / "cuda").rglob("*.cuh")]
    return sorted(
        {name for path in sources for name in machine_code.hot_kernels(path.read_text(encoding="utf-8"))}
    )


@pytest.mark.parametrize("name", marked())
def test_hot_kernels_spill_nothing_in_their_loops(name, cuda_kernels):
    instances = [kernel for kernel in cuda_kernels if kernel.is_of(name)]
    assert instances, f"the library has no kernel {name}; it is marked '{machine_code.HOT}'"
    assert any(kernel.loops() for kernel in instances)
    spilled = {
        f"{kernel.symbol} {kernel.architecture} at {access.address:#x}"
        for kernel in instances
        for loop in kernel.loops()
        for access in machine_code.local_accesses(loop)
    }
    assert not spilled
